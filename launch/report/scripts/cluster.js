// Use of the cluster: trainings at once over time, and failures by their reasons.

let cluster = null;

function buildCluster() {
  cluster = frameIn(place("slots"), 200, paintSlots);
  listen(["data"], cluster.redraw);
  listen(["data"], showFailures);
  showFailures();
}

// When each training began and ended, in hours since the first began; one that runs ends with the last one known.
function spans() {
  const last = trials.ended.reduce((most, time) => (time !== null && time > most ? time : most), -Infinity);
  return range(count)
    .filter((i) => trials.begun[i] !== null && (trials.ended[i] !== null || trials.state[i] === RUNNING))
    .map((i) => [trials.begun[i] / 3600, Math.max(trials.ended[i] ?? last, trials.begun[i]) / 3600]);
}

function paintSlots(frame) {
  const all = spans();
  if (!all.length) return void (place("slots-caption").textContent = "No training has begun yet.");
  const steps = [...all.map(([from]) => [from, 1]), ...all.map(([, to]) => [to, -1])].sort(
    (a, b) => a[0] - b[0] || a[1] - b[1],
  );
  const x = scaleOf([0, ...all.map(([, to]) => to)], frame.left, frame.right, { isLog: false, air: 0 });
  let busy = 0,
    most = 0;
  const curve = steps.map(([time, step]) => [time, ((most = Math.max(most, (busy += step))), busy)]);
  const y = scaleOf([0, Math.max(most, run.slots ?? 0)], frame.bottom, frame.top, { isLog: false, air: 0.05 });
  axes(frame, x, y, "hours since the first began", "at once", {
    yFormat: (value) => (Number.isInteger(value) ? String(value) : ""),
  });
  const path = curve
    .map(([time, number], k) => (k ? `H${x.at(time)}V${y.at(number)}` : `M${x.at(time)} ${y.at(0)}V${y.at(number)}`))
    .join("");
  frame.layer.append(
    draw("path", { class: "area", d: `${path}V${y.at(0)}Z` }),
    draw("path", { class: "busy", d: path }),
  );
  if (run.slots)
    frame.layer.append(
      draw("line", { class: "limit", x1: frame.left, x2: frame.right, y1: y.at(run.slots), y2: y.at(run.slots) }),
    );
  const worked = all.reduce((sum, [from, to]) => sum + to - from, 0),
    length = Math.max(...all.map(([, to]) => to));
  const use = run.slots && length ? ` Slots were busy ${share(worked, run.slots * length)} of the time.` : "";
  place("slots-caption").textContent =
    `Trainings at once, finals included; at most ${most}.${run.slots ? ` Red: the ${counted(run.slots, "slot")} of the latest command.` : ""}${use}`;
}

function showFailures() {
  const groups = new Map();
  for (let i = 0; i < count; i++) {
    if (trials.failure[i] === null) continue;
    const [reason, detail] = split(textOf(trials.failure[i]));
    const name = reason.replace(/\d+/g, "#"); // numbers differ where the reason is one
    if (!groups.has(name)) groups.set(name, { reason, detail, failed: [] });
    groups.get(name).failed.push(i);
  }
  const sorted = [...groups.values()].sort((a, b) => b.failed.length - a.failed.length);
  place("failures").replaceChildren(
    ...(sorted.length ? sorted.slice(0, 50).map(failureOf) : [make("p", {}, "No trial has failed.")]),
  );
}

function split(text) {
  const at = text.indexOf("\n");
  return at < 0 ? [text, ""] : [text.slice(0, at), text.slice(at + 1)];
}

function failureOf({ reason, detail, failed }) {
  const names = failed.slice(0, 12).map((i) => button(nameOf(i), () => pin(i), { class: "chip" }));
  const rest = failed.length > 12 ? make("span", { class: "muted" }, ` and ${failed.length - 12} more`) : null;
  return make(
    "details",
    {},
    make("summary", {}, make("strong", {}, String(failed.length)), ` ${reason}`),
    make("p", {}, names, rest),
    detail ? make("pre", {}, detail) : null,
  );
}
