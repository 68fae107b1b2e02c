// Two pinned trials side by side: what they measured, which decisions differ, and which stages make the difference.

let compared = null; // the resource that is divided by stage

function showComparison() {
  const holder = place("compare");
  const [a, b] = state.pinned;
  if (b === undefined) {
    const advice =
      a === undefined ? "Pin two trials to compare them." : `${nameOf(a)} is pinned. Pin another to compare them.`;
    return holder.replaceChildren(
      make(
        "p",
        { class: "muted" },
        `${advice} Click a point, or press Enter on one; the arrow keys go from point to point.`,
      ),
    );
  }
  holder.replaceChildren(
    make("h3", {}, `${nameOf(a)} and ${nameOf(b)}`),
    make(
      "div",
      { class: "pair" },
      [a, b].map((i) => make("div", {}, heading(i), networkOf(i))),
    ),
    ...byStage(a, b),
    make("h4", {}, "Decisions"),
    decisions(a, b),
    make("h4", {}, "Metrics and costs"),
    measures(a, b),
  );
}

function decisions(a, b) {
  const differing = range(space.choices.length).filter((choice) => optionOf(choice, a) !== optionOf(choice, b));
  const alike = space.choices.length - differing.length;
  const rows = differing.map((choice) => [
    space.choices[choice].name,
    String(optionOf(choice, a)),
    String(optionOf(choice, b)),
  ]);
  return make(
    "div",
    {},
    rows.length ? grid(["decision", nameOf(a), nameOf(b)], rows) : null,
    make("p", { class: "muted" }, `${counted(alike, "decision")} alike.`),
  );
}

function measures(a, b) {
  const known = quantities.filter(({ key }) => isKnown(valueOf(key, a)) || isKnown(valueOf(key, b)));
  const rows = known.map(({ key }) => [
    labelOf(key),
    quantityText(key, a),
    quantityText(key, b),
    signed(valueOf(key, b) - valueOf(key, a)),
    ratio(valueOf(key, b), valueOf(key, a)),
  ]);
  return grid(["", nameOf(a), nameOf(b), "difference", "ratio"], rows);
}

function ratio(value, other) {
  return isKnown(value) && isKnown(other) && other > 0 ? `${Number((value / other).toPrecision(3))}×` : UNKNOWN;
}

// Where the costs of the two differ, stage by stage, of one resource at a time.
function byStage(a, b) {
  const resources = DATA.shares.resources;
  if (!resources.length) return [make("p", { class: "muted" }, "The costs of single stages are not known here.")];
  if (!resources.some((one) => one.key === compared))
    compared = (resources.find((one) => one.key.startsWith("latency_ms.")) ?? resources[0]).key;
  const at = resources.findIndex((one) => one.key === compared);
  const choose = selection(
    "compared",
    "by stage",
    resources.map((one) => [one.key, one.unit ? `${one.key} [${one.unit}]` : one.key]),
    compared,
    (key) => {
      compared = key;
      showComparison();
      place("compared").focus();
    },
  );
  const rows = space.stages.map((stage, k) => ({ stage, a: shareOf(k, a), b: shareOf(k, b) }));
  return [make("h4", {}, "Stages"), choose, make("p", {}, verdict(rows, at, a, b)), stageTable(rows, at, a, b)];
}

function verdict(rows, at, a, b) {
  const { key, unit } = DATA.shares.resources[at];
  const gaps = rows.map((row) => ({ name: row.stage.name, gap: row.b.costs[at] - row.a.costs[at] }));
  const gap = gaps.reduce((sum, one) => sum + one.gap, 0);
  if (gaps.every((one) => one.gap === 0)) return `${nameOf(a)} and ${nameOf(b)} have the same ${key} in every stage.`;
  const most = gaps
    .filter((one) => (gap < 0 ? one.gap < 0 : one.gap > 0))
    .sort((one, other) => Math.abs(other.gap) - Math.abs(one.gap))
    .slice(0, 3);
  const parts = most.map((one) => `${one.name} (${signed(one.gap)})`).join(", ");
  if (!gap) return `Both have the same ${key} in all; it lies in other stages: ${parts} ${unit}.`;
  return `${nameOf(b)} takes ${shown(Math.abs(gap))} ${unit} ${gap < 0 ? "less" : "more"} ${key} than ${nameOf(a)}. What does most to that: ${parts}.`;
}

function stageTable(rows, at, a, b) {
  const largest = Math.max(...rows.map((row) => Math.max(row.a.costs[at], row.b.costs[at])), 0) || 1;
  const number = (text) => make("td", { class: "number" }, text);
  const output = (part) => number(`${part.channels}×${part.height}×${part.width}`);
  const body = rows.map((row) => {
    const [one, other] = [row.a.costs[at], row.b.costs[at]];
    const name = make("th", { scope: "row", class: "name" }, row.stage.name);
    const costs = [number(shown(one)), number(shown(other)), number(signed(other - one))];
    return make("tr", {}, name, costs, make("td", {}, bars(row, at, largest)), output(row.a), output(row.b));
  });
  const heads = ["stage", nameOf(a), nameOf(b), "difference", "", `output of ${nameOf(a)}`, `of ${nameOf(b)}`];
  return make("div", { class: "scroll", tabindex: "0" }, make("table", {}, head(heads), make("tbody", {}, body)));
}

function bars(row, at, largest) {
  const bar = (part, y, name) =>
    draw("rect", { class: name, x: 0, y, height: 6, width: (120 * part.costs[at]) / largest });
  return draw(
    "svg",
    { class: "bars", viewBox: "0 0 120 15", "aria-hidden": "true" },
    bar(row.a, 0, "first"),
    bar(row.b, 8, "second"),
  );
}

function head(names) {
  return make(
    "thead",
    {},
    make(
      "tr",
      {},
      names.map((name, k) => make("th", { scope: "col", class: k ? "number" : null }, name)),
    ),
  );
}

function grid(names, rows) {
  const body = rows.map(([first, ...rest]) =>
    make(
      "tr",
      {},
      make("th", { scope: "row" }, first),
      rest.map((text) => make("td", { class: "number" }, text)),
    ),
  );
  return make("div", { class: "scroll", tabindex: "0" }, make("table", {}, head(names), make("tbody", {}, body)));
}
