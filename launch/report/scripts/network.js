// An architecture as a drawing: a box for each stage, as high as its output is wide, its expansion below its width.

const COLUMN = 46,
  LEVEL = 54,
  BOX = 36;

function networkOf(i) {
  const stages = space.stages;
  const columns = Math.max(...stages.map((stage) => stage.column)) + 1,
    levels = Math.max(...stages.map((stage) => stage.level)) + 1;
  const widest = Math.max(...stages.map((stage) => widthRange(stage)));
  const at = new Map(
    stages.map((stage) => [stage.name, { x: 30 + COLUMN * stage.column, y: LEVEL * (stage.level + 0.5) }]),
  );
  const picture = draw("svg", {
    class: "network",
    viewBox: `0 0 ${COLUMN * columns + 34} ${LEVEL * levels + 4}`,
    role: "img",
    "aria-label": inWords(i),
  });
  picture.style.minWidth = `${Math.min(34, 1.85 * columns)}rem`;
  for (const stage of stages) for (const name of stage.inputs) picture.append(edge(at.get(name), at.get(stage.name)));
  stages.forEach((stage, k) => picture.append(box(stage, k, i, at.get(stage.name), widest)));
  return make("div", { class: "scroll" }, picture);
}

function widthRange(stage) {
  const field = stage.fields.width;
  return "choice" in field ? Math.max(...space.choices[field.choice].options.filter(Number.isFinite)) : field.fixed;
}

function edge(from, to) {
  const start = from ? from.x + BOX / 2 : to.x - BOX / 2 - 12;
  const y = from ? from.y : to.y;
  const end = to.x - BOX / 2;
  const bend = Math.max(4, (end - start) / 2);
  return draw("path", { class: "edge", d: `M${start} ${y}C${start + bend} ${y} ${end - bend} ${to.y} ${end} ${to.y}` });
}

function box(stage, k, i, { x, y }, widest) {
  const width = fieldOf(stage, "width", i);
  const lines = [String(width), ...(usesExpansion(stage) ? [`×${fieldOf(stage, "expansion", i)}`] : [])];
  const least = lines.length > 1 ? 25 : 15;
  const height = least + (LEVEL - 10 - least) * (width / widest || 0);
  const texts = lines.map((line, n) =>
    draw(
      "text",
      {
        x,
        y: y + 4 + 11 * (n - (lines.length - 1) / 2) - (n ? 1 : 0),
        "text-anchor": "middle",
        class: n ? "expansion" : "width",
      },
      line,
    ),
  );
  return draw(
    "g",
    { class: `stage ${roleOf(stage, i)}` },
    draw("title", {}, stageInWords(stage, k, i)),
    draw("rect", { x: x - BOX / 2, y: y - height / 2, width: BOX, height, rx: 4 }),
    ...texts,
  );
}

// Plain convolutions have none: their field is fixed at 1.
function usesExpansion(stage) {
  const field = stage.fields.expansion;
  return "choice" in field || field.fixed !== 1;
}

function roleOf(stage, i) {
  if (fieldOf(stage, "upsample", i) !== "none") return "grows";
  return fieldOf(stage, "stride", i) > 1 ? "shrinks" : "keeps";
}

function stageInWords(stage, k, i) {
  const part = shareOf(k, i);
  const size = part ? `, output ${part.channels}×${part.height}×${part.width}` : "";
  const costs = part
    ? DATA.shares.resources.map((one, n) => `\n${one.key} ${shown(part.costs[n])} ${one.unit}`).join("")
    : "";
  const fields = Object.keys(stage.fields)
    .map((name) => `${name} ${fieldOf(stage, name, i)}`)
    .join(", ");
  return `${stage.name}: ${stage.op}, ${fields}${size}${costs}`;
}

function inWords(i) {
  const stages = space.stages.map(
    (stage) =>
      `${stage.name} ${fieldOf(stage, "width", i)}${usesExpansion(stage) ? ` times ${fieldOf(stage, "expansion", i)}` : ""}`,
  );
  return `Architecture of ${nameOf(i)}, width and expansion by stage: ${stages.join(", ")}`;
}
