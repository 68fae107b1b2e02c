// The ranges that select trials, as chips to take away; and a form that sets one without a pointer.

function buildRanges() {
  const key = selection("range-key", "select trials by", axisOptions(), state.y, () => {});
  const [low, high] = ["from", "to"].map((name) =>
    make("input", { id: `range-${name}`, type: "text", inputmode: "decimal", size: "9" }),
  );
  const form = make(
    "form",
    {
      id: "range-form",
      onsubmit: (event) => {
        event.preventDefault();
        const [from, to] = [low, high].map((field, k) =>
          field.value.trim() === "" ? (k ? Infinity : -Infinity) : Number(field.value),
        );
        if (!Number.isNaN(from) && !Number.isNaN(to)) setRange(place("range-key").value, from, to);
      },
    },
    key,
    make("label", {}, make("span", {}, "from"), low),
    make("label", {}, make("span", {}, "to"), high),
    make("button", {}, "select"),
  );
  place("ranges").replaceChildren(make("div", { id: "chips" }), form);
  listen(["ranges", "data"], showChips);
  showChips();
}

function showChips() {
  const number = selected.reduce((sum, one) => sum + one, 0);
  const chips = [...state.ranges].map(([key, [low, high]]) =>
    button(`${rangeName(key)} ${rangeText(key, low, high)} ✕`, () => setRange(key, null), {
      class: "chip",
      "aria-label": `take away: ${rangeName(key)} ${rangeText(key, low, high)}`,
    }),
  );
  const all =
    chips.length > 1 ? [button("all ✕", () => (state.ranges.clear(), changed("ranges")), { class: "chip" })] : [];
  const advice = chips.length ? "" : " Drag over the map or along an axis to select some.";
  place("chips").replaceChildren(
    make(
      "span",
      { id: "number-selected", role: "status" },
      `${number.toLocaleString("en-US")} of ${counted(count, "trial")} selected.${advice}`,
    ),
    ...chips,
    ...all,
  );
}

function rangeName(key) {
  return key.startsWith("choice:") ? space.choices[Number(key.slice(7))].name : key;
}

function rangeText(key, low, high) {
  if (!key.startsWith("choice:")) return `${brief(low).replace(UNKNOWN, "…")} to ${brief(high).replace(UNKNOWN, "…")}`;
  const options = space.choices[Number(key.slice(7))].options.filter((_, at) => within(at, low, high));
  return options.length ? `${options[0]} to ${options.at(-1)}` : "none";
}
