// The map: trials on two axes with their front, limits and reference networks.

let map = null;
let drawn = null; // what is on the map: axes, trials with their places, and the front among the search trials

function buildMap() {
  buildMapControls();
  map = frameIn(place("map"), (width) => Math.max(300, Math.min(540, 0.85 * width)), paintMap);
  Object.entries({
    tabindex: "0",
    role: "application",
    "aria-roledescription": "chart",
    "aria-describedby": "map-caption",
    "aria-label": "Trials on two axes. Arrow keys go from point to point, Enter pins, Escape lets go.",
  }).forEach(([name, value]) => map.plot.setAttribute(name, value));
  listenOnMap();
  listen(["data"], refillMapControls);
  listen(["axes", "ranges", "data"], map.redraw);
  listen(["hovered", "pinned"], markMap);
}

const axisOptions = () => quantities.map(({ key }) => [key, labelOf(key)]);
const colourOptions = () => [["origin", "who proposed it"], ["limits", "limits"], ...axisOptions()];

function buildMapControls() {
  const choose = (name) => (key) => {
    state[name] = key;
    state.isChosen ||= name !== "colour";
    changed("axes");
  };
  place("map-controls").replaceChildren(
    selection("axis-x", "across", axisOptions(), state.x, choose("x")),
    selection("axis-y", "up", axisOptions(), state.y, choose("y")),
    selection("axis-colour", "colour", colourOptions(), state.colour, choose("colour")),
  );
}

// A live run may have got new quantities.
function refillMapControls() {
  refill("axis-x", axisOptions());
  refill("axis-y", axisOptions());
  refill("axis-colour", colourOptions());
  refill("range-key", axisOptions());
  place("axis-x").value = state.x;
  place("axis-y").value = state.y;
}

function paintMap(frame) {
  const chosen = range(count).filter(
    (i) => Number.isFinite(valueOf(state.x, i)) && Number.isFinite(valueOf(state.y, i)),
  );
  drawn = null;
  if (!chosen.length) {
    place("map-caption").textContent = "No trial has both quantities yet.";
    return;
  }
  const searched = chosen.filter((i) => !isFinal(i));
  const x = scaleOf(
    chosen.map((i) => valueOf(state.x, i)),
    frame.left,
    frame.right,
  );
  const y = scaleOf(drawnIn(chosen.map((i) => valueOf(state.y, i))), frame.bottom, frame.top);
  axes(frame, x, y, labelOf(state.x), labelOf(state.y));
  const within = (value, scale, low, high) =>
    Math.min(Math.max(scale.at(value) || low, Math.min(low, high)), Math.max(low, high));
  const places = new Map(
    chosen.map((i) => [
      i,
      {
        x: within(valueOf(state.x, i), x, frame.left, frame.right),
        y: within(valueOf(state.y, i), y, frame.bottom, frame.top),
      },
    ]),
  );
  const colours = colouring(state.colour, searched.length ? searched : chosen);
  drawn = { chosen, x, y, places, front: frontOf(searched, state.x, state.y) };
  dots(frame.context, colours.of);
  limits(frame);
  references(frame);
  frontLine(frame, searched);
  legend(colours.legend);
  markMap();
}

// Values beyond ten times the middle half's spread are drawn at the edge, or all others would be one line.
function drawnIn(values) {
  const sorted = [...values].sort((a, b) => a - b);
  const [low, high] = [0.25, 0.75].map((part) => sorted[Math.floor(part * (sorted.length - 1))]);
  const reach = 10 * (high - low);
  return reach ? values.filter((value) => value >= low - reach && value <= high + reach) : values;
}

function dots(context, colourOf) {
  const order = [...drawn.chosen].sort((a, b) => selected[a] - selected[b]);
  const ink = css("--ink");
  for (const i of order) {
    const { x, y } = drawn.places.get(i);
    context.globalAlpha = selected[i] ? (count > 2000 ? 0.55 : 0.9) : 0.12;
    context.fillStyle = context.strokeStyle = colourOf(i);
    context.beginPath();
    if (isWinner(i)) star(context, x, y);
    else context.arc(x, y, isFinal(i) ? 6 : count > 2000 ? 2.4 : 4, 0, 2 * Math.PI);
    context.lineWidth = 1.6;
    if (isFinal(i) && !isWinner(i)) context.strokeStyle = ink;
    if (trials.feasible[i] && !isFinal(i)) context.fill();
    else if (isWinner(i)) ((context.fillStyle = ink), context.fill());
    else context.stroke();
  }
  context.globalAlpha = 1;
}

function star(context, x, y) {
  for (let k = 0; k < 10; k++) {
    const size = k % 2 ? 4 : 9.5,
      angle = (Math.PI * k) / 5 - Math.PI / 2;
    context.lineTo(x + size * Math.cos(angle), y + size * Math.sin(angle));
  }
}

function isInside({ key, bound }) {
  const scale = key === state.x ? drawn.x : drawn.y;
  return bound >= scale.low && bound <= scale.high;
}

function limits(frame) {
  for (const { key, bound } of DATA.limits.filter(isInside)) {
    if (key === state.x)
      frame.layer.append(
        draw("line", { class: "limit", x1: drawn.x.at(bound), x2: drawn.x.at(bound), y1: frame.top, y2: frame.bottom }),
      );
    if (key === state.y)
      frame.layer.append(
        draw("line", { class: "limit", x1: frame.left, x2: frame.right, y1: drawn.y.at(bound), y2: drawn.y.at(bound) }),
      );
  }
}

function references(frame) {
  for (const { name, costs } of DATA.references) {
    const cost = costs[state.x];
    if (cost === undefined || cost < drawn.x.low || cost > drawn.x.high) continue;
    const x = drawn.x.at(cost);
    frame.layer.append(
      draw("line", { class: "reference", x1: x, x2: x, y1: frame.top + 12, y2: frame.bottom }),
      draw("text", { class: "reference", x, y: frame.top + 8, "text-anchor": "middle" }, name),
    );
  }
}

// The edge of what is dominated, its points as marks that can be found, its knee, and what the caption says of it.
function frontLine(frame, searched) {
  const { front, places } = drawn;
  const knee = kneeOf(front, state.x, state.y),
    volume = hypervolumeOf(front, searched, state.x, state.y);
  const points = front.map((i) => places.get(i));
  const path = points
    .map(({ x, y }, k) => (k ? `H${x}V${y}` : `M${x} ${signOf(state.y) < 0 ? frame.bottom : frame.top}V${y}`))
    .join("");
  frame.layer.append(
    draw("path", {
      class: "front",
      d: points.length ? `${path}H${signOf(state.x) < 0 ? frame.left : frame.right}` : "",
    }),
  );
  front.forEach((i, k) =>
    frame.layer.append(
      draw("circle", {
        class: i === knee ? "knee" : "on-front",
        "data-trial": nameOf(i),
        cx: points[k].x,
        cy: points[k].y,
        r: i === knee ? 9 : 5.5,
      }),
    ),
  );
  place("map-caption").textContent = captionOf(searched, knee, volume);
}

function captionOf(searched, knee, volume) {
  const finals = drawn.chosen.length - searched.length;
  const parts = [
    `${drawn.front.length} of ${counted(searched.length, "search trial")} are on the front (${direction(state.x)}, ${direction(state.y)}).`,
    knee === null
      ? ""
      : `Knee (large ring): ${nameOf(knee)}, ${brief(valueOf(state.x, knee))} and ${brief(valueOf(state.y, knee))}.`,
    volume === null
      ? ""
      : `The front covers ${(100 * volume).toFixed(1)} % of the box between best and worst (hypervolume).`,
    finals
      ? `Rings in ink: finals, trained longer (fidelity ${brief(valueOf("fidelity", drawn.chosen.find(isFinal)))}); star: the winner.`
      : "",
    searched.every((i) => trials.feasible[i]) ? "" : "Hollow: violates a limit on a cost.",
    ...limitTexts(),
    "Metrics are measured, costs predicted from tables.",
  ];
  return parts.filter(Boolean).join(" ");
}

function limitTexts() {
  const near = DATA.limits.filter(({ key }) => key === state.x || key === state.y);
  const [drawnOnes, others] = [true, false].map((wanted) =>
    near.filter((limit) => isInside(limit) === wanted).map((limit) => limit.text),
  );
  return [
    drawnOnes.length ? `Red: ${drawnOnes.join(", ")}.` : "",
    others.length ? `Outside the picture: ${others.join(", ")}.` : "",
  ];
}

const direction = (key) => `${key}: ${signOf(key) < 0 ? "higher" : "lower"} is better`;

function legend(entries) {
  place("map-legend").replaceChildren(
    ...entries.map(([colour, text]) => {
      const dot = colour
        ? draw(
            "svg",
            { viewBox: "0 0 10 10", "aria-hidden": "true" },
            draw("circle", { cx: 5, cy: 5, r: 4.5, fill: colour }),
          )
        : null;
      return make("span", {}, dot, text);
    }),
  );
}

// Rings on what is hovered and pinned, and the brush.
function markMap() {
  if (!map.width) return;
  map.layer.querySelectorAll(".mark").forEach((mark) => mark.remove());
  if (drawn === null) return;
  const marks = [...state.pinned.map((i, k) => [i, k ? "pinned second" : "pinned first"]), [state.hovered, "hovered"]];
  for (const [i, name] of marks) {
    const at = drawn.places.get(i);
    if (at) map.layer.append(draw("circle", { class: `mark ${name}`, cx: at.x, cy: at.y, r: 9 }));
  }
}
