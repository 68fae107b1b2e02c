// The selected trials as a table: heads sort it, a row tells and pins its trial.

const PAGE = 25;
let pageAt = 0;
let onlyState = "any";

const COLUMNS = { trial: (i) => trials.phase[i] * 1e9 + trials.ticket[i], "proposed by": originOf, state: stateOf };

function buildTable() {
  const states = [["any", "any state"], ...STATES.map((name) => [name, name]), ["front", "on the map's front"]];
  place("trials-controls").replaceChildren(
    selection("only-state", "show", states, onlyState, (value) => {
      onlyState = value;
      pageAt = 0;
      showTable();
    }),
  );
  listen(["ranges", "data"], () => ((pageAt = 0), showTable()));
  listen(["axes"], showTable);
  listen(["pinned", "hovered"], markRows);
  showTable();
}

function tabled() {
  const isShown =
    onlyState === "front" ? (i) => drawn?.front.includes(i) : (i) => onlyState === "any" || stateOf(i) === onlyState;
  return range(count)
    .filter((i) => selected[i] && isShown(i))
    .sort(byColumn());
}

// What has no value comes last, whichever way it is sorted; equal ones keep the order of the record.
function byColumn() {
  const { key, isDescending } = state.sort;
  if (key === null) return (a, b) => a - b;
  const get = COLUMNS[key] ?? ((i) => valueOf(key, i));
  const sign = isDescending ? -1 : 1;
  return (a, b) => {
    const [one, other] = [get(a), get(b)];
    const [lacks, lacksToo] = [Number.isNaN(one), Number.isNaN(other)];
    if (lacks || lacksToo) return lacks - lacksToo || a - b;
    return one < other ? -sign : one > other ? sign : a - b;
  };
}

function showTable() {
  const rows = tabled();
  const last = Math.max(0, Math.ceil(rows.length / PAGE) - 1);
  pageAt = Math.min(pageAt, last);
  const keys = [...Object.keys(COLUMNS), ...quantities.map((one) => one.key)];
  const table = make(
    "table",
    {},
    make("thead", {}, make("tr", {}, keys.map(sortable))),
    make(
      "tbody",
      {},
      rows.slice(PAGE * pageAt, PAGE * (pageAt + 1)).map((i) => rowOf(i, keys)),
    ),
  );
  place("trials-table").replaceChildren(table);
  place("trials-pages").replaceChildren(
    button("previous", () => turn(-1), { disabled: pageAt === 0 }),
    make(
      "span",
      { role: "status" },
      rows.length
        ? ` ${PAGE * pageAt + 1} to ${Math.min(rows.length, PAGE * (pageAt + 1))} of ${counted(rows.length, "trial")} `
        : " No trial is selected. ",
    ),
    button("next", () => turn(1), { disabled: pageAt === last }),
  );
  markRows();
}

function turn(step) {
  pageAt += step;
  showTable();
}

function sortable(key) {
  const { key: sorted, isDescending } = state.sort;
  const order = key !== sorted ? null : isDescending ? "descending" : "ascending";
  const sign = order === null ? "" : isDescending ? " ↓" : " ↑";
  const sort = button(
    `${labelOf(key)}${sign}`,
    () => {
      state.sort = { key, isDescending: key === state.sort.key && !state.sort.isDescending };
      pageAt = 0;
      showTable();
      [...place("trials-table").querySelectorAll("th button")].find((one) => one.dataset.key === key).focus();
    },
    { "data-key": key },
  );
  return make("th", { scope: "col", "aria-sort": order, class: key in COLUMNS ? null : "number" }, sort);
}

function rowOf(i, keys) {
  const name = make(
    "th",
    { scope: "row", class: "name" },
    button(nameOf(i), () => pin(i), { onfocus: () => hover(i), onblur: () => hover(null) }),
  );
  const cells = keys
    .slice(1)
    .map((key) =>
      key in COLUMNS
        ? make("td", { class: key === "state" && trials.state[i] === FAILED ? "bad" : null }, COLUMNS[key](i))
        : make("td", { class: "number" }, quantityText(key, i)),
    );
  const row = make(
    "tr",
    { "data-trial": nameOf(i), onpointerenter: () => hover(i), onpointerleave: () => hover(null) },
    name,
    cells,
  );
  row.trial = i;
  return row;
}

function markRows() {
  for (const row of place("trials-table").querySelectorAll("tbody tr")) {
    const isPinned = state.pinned.includes(row.trial);
    row.classList.toggle("pinned", isPinned);
    row.classList.toggle("hovered", row.trial === state.hovered);
    row.querySelector("button").setAttribute("aria-pressed", String(isPinned));
  }
}
