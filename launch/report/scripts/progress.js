// Progress: a quantity of each search trial as they ended, and the best so far, against trainings or time spent.

let progress = null;
let spent = "trainings";
let progressed = null; // trials in the order of ending, with their places

const SPENT = {
  trainings: { label: "trainings that have ended", of: (order) => order.map((_, k) => k + 1) },
  hours: {
    label: "hours since the first began",
    of: (order) => order.map((i) => trials.ended[i] / 3600),
  },
  work: {
    label: "hours of training, all workers together",
    of: (order) => sums(order.map((i) => (valueOf("duration", i) || 0) / 3600)),
  },
};

function sums(values) {
  let sum = 0;
  return values.map((value) => (sum += value));
}

function buildProgress() {
  place("progress-controls").replaceChildren(
    selection(
      "spent",
      "against",
      Object.entries(SPENT).map(([key, { label }]) => [key, label]),
      spent,
      (key) => {
        spent = key;
        progress.redraw();
      },
    ),
  );
  progress = frameIn(place("progress-chart"), 300, paintProgress);
  progress.plot.addEventListener("pointermove", (event) => hover(progressedNear(pointer(progress, event))));
  progress.plot.addEventListener("pointerleave", () => hover(null));
  progress.plot.addEventListener("click", (event) => {
    const i = progressedNear(pointer(progress, event));
    if (i !== null) pin(i);
  });
  listen(["axes", "ranges", "data"], progress.redraw);
  listen(["hovered", "pinned"], markProgress);
}

function paintProgress(frame) {
  const order = range(count)
    .filter((i) => !isFinal(i) && trials.ended[i] !== null)
    .sort((a, b) => trials.ended[a] - trials.ended[b] || a - b);
  const places = SPENT[spent].of(order);
  const key = run.objective,
    values = order.map((i) => valueOf(key, i));
  const known = values.filter(Number.isFinite);
  progressed = null;
  if (!known.length) return;
  const x = scaleOf([0, ...places], frame.left, frame.right, { isLog: false, air: 0.01 });
  const y = scaleOf(drawnIn(known), frame.bottom - 10, frame.top, { isLog: false });
  axes(frame, x, y, SPENT[spent].label, labelOf(key));
  progressed = order.map((i, k) => ({
    i,
    x: x.at(places[k]),
    y: Number.isFinite(values[k]) ? Math.min(Math.max(y.at(values[k]), frame.top), frame.bottom) : frame.bottom - 4,
  }));
  paintEnded(frame.context);
  frame.layer.append(draw("path", { class: "front", d: bestSoFar(values, y, frame.right) }));
  const failed = order.filter((i) => trials.state[i] === FAILED).length;
  place("progress-caption").textContent =
    `Dots: ${key} after the search's training (fidelity ${brief(run.fidelity)}), in the order in which trainings ended; line: the best so far.${failed ? ` Crosses: ${counted(failed, "trial")} failed.` : ""}`;
  markProgress();
}

function paintEnded(context) {
  const colours = colouring(
    state.colour,
    progressed.map((one) => one.i),
  );
  const red = css("--limit");
  for (const { i, x, y } of progressed) {
    context.globalAlpha = selected[i] ? 0.85 : 0.15;
    context.fillStyle = colours.of(i);
    context.strokeStyle = red;
    context.beginPath();
    if (trials.state[i] === FAILED) {
      (context.moveTo(x - 3, y - 3),
        context.lineTo(x + 3, y + 3),
        context.moveTo(x - 3, y + 3),
        context.lineTo(x + 3, y - 3));
      context.stroke();
    } else {
      context.arc(x, y, count > 2000 ? 2 : 3.4, 0, 2 * Math.PI);
      context.fill();
    }
  }
  context.globalAlpha = 1;
}

function bestSoFar(values, y, right) {
  const sign = signOf(run.objective);
  let least = Infinity,
    path = "";
  values.forEach((value, k) => {
    if (!(sign * value < least)) return;
    least = sign * value;
    path += path ? `H${progressed[k].x}V${y.at(value)}` : `M${progressed[k].x} ${y.at(value)}`;
  });
  return `${path}H${right}`;
}

function progressedNear({ x, y }) {
  let found = null,
    least = NEAR * NEAR;
  for (const one of progressed ?? []) {
    const distance = (one.x - x) ** 2 + (one.y - y) ** 2;
    if (distance < least) [found, least] = [one.i, distance];
  }
  return found;
}

function markProgress() {
  progress.layer.querySelectorAll(".mark").forEach((mark) => mark.remove());
  for (const [i, name] of [
    ...state.pinned.map((i, k) => [i, k ? "pinned second" : "pinned first"]),
    [state.hovered, "hovered"],
  ]) {
    const at = progressed?.find((one) => one.i === i);
    if (at) progress.layer.append(draw("circle", { class: `mark ${name}`, cx: at.x, cy: at.y, r: 7 }));
  }
}
