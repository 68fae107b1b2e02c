// The map under a pointer and under keys: hover tells, a click pins, a drag selects, arrows go from point to point.

const NEAR = 18; // pixels
let drag = null;

function listenOnMap() {
  const { plot } = map;
  plot.addEventListener("pointermove", pointed);
  plot.addEventListener("pointerleave", () => !drag && hover(null));
  plot.addEventListener("pointerdown", pressed);
  plot.addEventListener("pointerup", released);
  plot.addEventListener("keydown", typed);
  plot.addEventListener("blur", () => hover(null));
}

function nearest({ x, y }) {
  if (drawn === null) return null;
  let found = null,
    least = NEAR * NEAR;
  for (const [i, at] of drawn.places) {
    const distance = (at.x - x) ** 2 + (at.y - y) ** 2 - (selected[i] ? 1 : 0);
    if (distance < least) [found, least] = [i, distance];
  }
  return found;
}

function pressed(event) {
  if (event.button || drawn === null) return;
  drag = { from: pointer(map, event), to: null };
  map.plot.setPointerCapture(event.pointerId);
}

function pointed(event) {
  const at = pointer(map, event);
  if (drag === null) return hover(nearest(at));
  if (!drag.to && Math.hypot(at.x - drag.from.x, at.y - drag.from.y) < 5) return;
  drag.to = at;
  const [x, width, y, height] = [
    Math.min(at.x, drag.from.x),
    Math.abs(at.x - drag.from.x),
    Math.min(at.y, drag.from.y),
    Math.abs(at.y - drag.from.y),
  ];
  map.layer.querySelector(".brush")?.remove();
  map.layer.append(draw("rect", { class: "brush", x, y, width, height }));
}

function released(event) {
  const { from, to } = drag ?? {};
  drag = null;
  map.layer.querySelector(".brush")?.remove();
  if (to) {
    setRange(state.x, drawn.x.back(from.x), drawn.x.back(to.x));
    setRange(state.y, drawn.y.back(from.y), drawn.y.back(to.y));
  } else if (from) {
    const i = nearest(pointer(map, event));
    if (i !== null) pin(i);
  }
}

// Left and right go along the across axis, up and down along the other, among the selected; with Shift on the front.
function typed(event) {
  const steps = { ArrowRight: [state.x, 1], ArrowLeft: [state.x, -1], ArrowUp: [state.y, 1], ArrowDown: [state.y, -1] };
  if (event.key in steps) hover(neighbour(...steps[event.key], event.shiftKey));
  else if ((event.key === "Enter" || event.key === " ") && state.hovered !== null) pin(state.hovered);
  else if (event.key === "Escape") state.hovered === null ? clearAll() : hover(null);
  else return;
  event.preventDefault();
}

function neighbour(key, step, onFront) {
  if (drawn === null) return null;
  const order = (onFront ? drawn.front : drawn.chosen.filter((i) => selected[i])).toSorted(
    (a, b) => valueOf(key, a) - valueOf(key, b) || a - b,
  );
  if (!order.length) return null;
  const at = order.indexOf(state.hovered);
  return at < 0
    ? (drawn.front.find((i) => order.includes(i)) ?? order[0])
    : order[Math.min(order.length - 1, Math.max(0, at + step))];
}

function clearAll() {
  state.ranges.clear();
  state.pinned = [];
  changed("ranges", "pinned");
}
