// Parallel coordinates: a line for each trial, an axis for each quantity or decision. A drag along an axis selects.

const MAX_AXES = 14;
let parallel = null;
let shownAxes = "quantities";
let upright = []; // the axes as drawn: key, x, scale

function buildParallel() {
  const kinds = [
    ["quantities", "metrics and costs"],
    ["choices", "decisions"],
  ];
  place("parallel-controls").replaceChildren(
    selection("parallel-axes", "axes", kinds, shownAxes, (kind) => {
      shownAxes = kind;
      parallel.redraw();
    }),
  );
  parallel = frameIn(place("parallel"), 300, paintParallel, { left: 34, right: 34, top: 44, bottom: 18 });
  parallel.plot.style.minWidth = "34rem";
  const ends = { down: null };
  parallel.plot.addEventListener("pointerdown", (event) => {
    const at = pointer(parallel, event),
      axis = axisNear(at.x);
    ends.down = axis && { axis, y: at.y };
  });
  parallel.plot.addEventListener("pointerup", (event) => {
    const { down } = ends,
      { y } = pointer(parallel, event);
    ends.down = null;
    if (!down) return;
    if (Math.abs(y - down.y) < 5) setRange(down.axis.key, null);
    else setRange(down.axis.key, down.axis.scale.back(down.y), down.axis.scale.back(y));
  });
  listen(["axes", "ranges", "data"], parallel.redraw);
  listen(["hovered", "pinned"], markParallel);
}

function axisKeys() {
  if (shownAxes === "choices") return space.choices.map((_, at) => `choice:${at}`);
  const first = [run.objective, state.y, state.x, ...DATA.axes];
  const rest = quantities.filter((one) => one.kind !== "course" && one.kind !== "prediction").map((one) => one.key);
  const known = [...new Set([...first, ...rest])].filter((key) => byKey.has(key) && isCommon(key));
  return known.filter((key, k) => !known.slice(0, k).some((other) => isMultiple(key, other))).slice(0, MAX_AXES);
}

// Known of at least half of the trials of which anything was measured.
function isCommon(key) {
  const measured = range(count).filter((i) => Number.isFinite(valueOf(run.objective, i)));
  return measured.filter((i) => Number.isFinite(valueOf(key, i))).length >= measured.length / 2;
}

// Such as FLOPs of MACs: a second axis would show the same again.
function isMultiple(key, other) {
  if (byKey.get(key).kind !== "resource" || byKey.get(other).kind !== "resource" || count < 3) return false;
  const ratios = range(Math.min(count, 50)).map((i) => valueOf(key, i) / valueOf(other, i));
  return ratios.every((ratio) => Math.abs(ratio - ratios[0]) <= 1e-6 * Math.abs(ratios[0]));
}

function paintParallel(frame) {
  const keys = axisKeys();
  const indices = range(count);
  upright = keys
    .map((key, k) => ({
      key,
      x: frame.left + ((frame.right - frame.left) * k) / Math.max(1, keys.length - 1),
      scale: axisScale(frame, key, indices),
    }))
    .filter((axis) => axis.scale);
  const colours = colouring(state.colour, indices);
  const visible = indices.filter(
    (i) =>
      shownAxes === "choices" ||
      (upright.filter((axis) => Number.isFinite(valueOf(axis.key, i))).length > 1 &&
        Number.isFinite(valueOf(run.objective, i))),
  );
  const [grey, alpha] = [css("--grid"), Math.max(0.08, Math.min(0.7, 60 / count))];
  for (const i of visible) if (!selected[i]) line(frame.context, i, grey, 0.25);
  for (const i of visible) if (selected[i]) line(frame.context, i, colours.of(i), alpha);
  frame.context.globalAlpha = 1;
  upright.forEach((axis, k) => drawAxis(frame, axis, k));
  place("parallel-caption").textContent =
    `${counted(visible.length, "trial")}; lines in the map's colours, those outside the selection grey. A click on an axis lets its range go.`;
  markParallel();
}

function axisScale(frame, key, indices) {
  if (!key.startsWith("choice:"))
    return scaleOf(drawnIn(indices.map((i) => valueOf(key, i)).filter(Number.isFinite)), frame.bottom, frame.top, {
      air: 0,
    });
  return scaleOf([0, space.choices[Number(key.slice(7))].options.length - 1], frame.bottom, frame.top, {
    isLog: false,
    air: 0,
  });
}

function line(context, i, colour, alpha) {
  context.globalAlpha = alpha;
  context.strokeStyle = colour;
  context.lineWidth = 1;
  context.beginPath();
  for (const { x, y } of pointsOf(i)) context.lineTo(x, y);
  context.stroke();
}

// Where a trial's line meets the axes; one of which it has no value is passed by.
function pointsOf(i) {
  const found = [];
  for (const { key, x, scale } of upright) {
    const y = scale.at(rangeValue(key, i));
    if (!Number.isNaN(y)) found.push({ x, y: Math.min(Math.max(y, parallel.top), parallel.bottom) });
  }
  return found;
}

function drawAxis(frame, { key, x, scale }, k) {
  const name = rangeName(key),
    isCrowded = upright.length > 8;
  const label = draw(
    "text",
    {
      class: "tick",
      x,
      y: isCrowded && k % 2 ? 12 : 24,
      "text-anchor": k ? (k === upright.length - 1 ? "end" : "middle") : "start",
    },
    name.length > 22 ? `${name.slice(0, 21)}…` : name,
  );
  frame.layer.append(draw("line", { class: "axis-line", x1: x, x2: x, y1: frame.top, y2: frame.bottom }), label);
  const options = key.startsWith("choice:") ? space.choices[Number(key.slice(7))].options : null;
  for (const [end, y] of [
    [scale.low, frame.bottom + 13],
    [scale.high, frame.top - 4],
  ])
    if (!options) frame.layer.append(draw("text", { class: "tick end", x, y, "text-anchor": "middle" }, brief(end)));
  if (options)
    options.forEach(
      (option, at) =>
        options.length <= 12 &&
        frame.layer.append(draw("text", { class: "tick end", x: x + 3, y: scale.at(at) + 3 }, String(option))),
    );
  const kept = state.ranges.get(key);
  if (kept) {
    const [top, bottom] = [
      Math.max(frame.top, Math.min(frame.bottom, scale.at(Math.min(kept[1], scale.high)))),
      Math.min(frame.bottom, Math.max(frame.top, scale.at(Math.max(kept[0], scale.low)))),
    ];
    frame.layer.append(
      draw("rect", { class: "brush", x: x - 6, width: 12, y: top, height: Math.max(2, bottom - top) }),
    );
  }
}

function markParallel() {
  if (!parallel.width) return;
  parallel.layer.querySelectorAll(".mark").forEach((mark) => mark.remove());
  for (const [i, name] of [...state.pinned.map((i, k) => [i, k ? "second" : "first"]), [state.hovered, "hovered"]])
    if (i !== null && i !== undefined)
      parallel.layer.append(
        draw("polyline", {
          class: `mark ${name}`,
          points: pointsOf(i)
            .map(({ x, y }) => `${x},${y}`)
            .join(" "),
        }),
      );
}

function axisNear(x) {
  return upright.find((axis) => Math.abs(axis.x - x) < 14);
}
