// The frame of a chart: a canvas for many marks, a drawing over it for axes and few, redrawn when its width changes.

const MARGIN = { left: 58, right: 14, top: 10, bottom: 40 };

// `paint(frame)` draws everything anew. The frame has context, layer (SVG), width, height and inner edges in pixels.
function frameIn(holder, height, paint, margin = MARGIN) {
  const canvas = make("canvas", { "aria-hidden": "true" });
  const layer = draw("svg", { "aria-hidden": "true" });
  const plot = make("div", { class: "plot" }, canvas, layer);
  const frame = { plot, canvas, layer, context: canvas.getContext("2d"), margin, height: 0, width: 0 };
  frame.redraw = () => {
    const width = plot.clientWidth;
    if (!width) return;
    size(frame, width, typeof height === "function" ? height(width) : height);
    layer.replaceChildren();
    paint(frame);
  };
  holder.append(plot);
  new ResizeObserver(() => plot.clientWidth !== frame.width && frame.redraw()).observe(plot);
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", frame.redraw);
  return frame;
}

function size(frame, width, height) {
  const dots = window.devicePixelRatio || 1;
  Object.assign(frame, {
    width,
    height,
    left: frame.margin.left,
    top: frame.margin.top,
    right: width - frame.margin.right,
    bottom: height - frame.margin.bottom,
  });
  Object.assign(frame.canvas, { width: width * dots, height: height * dots });
  frame.plot.style.height = `${height}px`;
  frame.layer.setAttribute("viewBox", `0 0 ${width} ${height}`);
  frame.context.setTransform(dots, 0, 0, dots, 0, 0);
  frame.context.clearRect(0, 0, width, height);
}

// Grid, ticks and names of both axes. `format` writes a tick.
function axes(frame, x, y, xName, yName, { xFormat = brief, yFormat = brief } = {}) {
  const { layer, left, right, top, bottom } = frame;
  for (const tick of x.ticks((right - left) / 70)) {
    layer.append(draw("line", { class: "grid", x1: x.at(tick), x2: x.at(tick), y1: top, y2: bottom }));
    layer.append(
      draw("text", { class: "tick", x: x.at(tick), y: bottom + 15, "text-anchor": "middle" }, xFormat(tick)),
    );
  }
  for (const tick of y.ticks((bottom - top) / 45)) {
    layer.append(draw("line", { class: "grid", x1: left, x2: right, y1: y.at(tick), y2: y.at(tick) }));
    layer.append(draw("text", { class: "tick", x: left - 6, y: y.at(tick) + 4, "text-anchor": "end" }, yFormat(tick)));
  }
  layer.append(draw("text", { class: "axis", x: (left + right) / 2, y: bottom + 33, "text-anchor": "middle" }, xName));
  layer.append(
    draw(
      "text",
      { class: "axis", transform: `translate(13 ${(top + bottom) / 2}) rotate(-90)`, "text-anchor": "middle" },
      yName,
    ),
  );
}

// Where the pointer is, in the frame's pixels.
function pointer(frame, event) {
  const box = frame.plot.getBoundingClientRect();
  return { x: event.clientX - box.left, y: event.clientY - box.top };
}
