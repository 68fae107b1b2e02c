// The run's data, as launch/report/explorer/data.py writes them; a live page replaces them.

const STATES = ["complete", "failed", "running"];
const COMPLETE = 0,
  FAILED = 1,
  RUNNING = 2;

let run, space, trials, quantities, byKey, count;
let DATA;

function take(data) {
  DATA = data;
  ({ run, space, trials, quantities } = data);
  count = trials.ticket.length;
  byKey = new Map(
    quantities.map((quantity, i) => [
      quantity.key,
      { ...quantity, column: Float64Array.from(trials.values[i], (value) => value ?? NaN) },
    ]),
  );
}

const nameOf = (i) => `${trials.phase[i] ? "final" : "search"}-${trials.ticket[i]}`;
const stateOf = (i) => STATES[trials.state[i]];
const textOf = (at) => (at === null || at === undefined ? "" : DATA.texts[at]);
const originOf = (i) => textOf(trials.origin[i]);
const isFinal = (i) => trials.phase[i] === 1;
const isWinner = (i) => isFinal(i) && nameOf(i) === run.winner;

function valueOf(key, i) {
  const quantity = byKey.get(key);
  return quantity ? quantity.column[i] : NaN;
}

function labelOf(key) {
  const quantity = byKey.get(key);
  return quantity && quantity.unit ? `${key} [${quantity.unit}]` : key;
}

// -1 where more of it is better: fronts are sought among values times this.
function signOf(key) {
  return byKey.get(key)?.better === "higher" ? -1 : 1;
}

function optionOf(choice, i) {
  return space.choices[choice].options[trials.architecture[i][choice]];
}

function fieldOf(stage, name, i) {
  const field = stage.fields[name];
  return "choice" in field ? optionOf(field.choice, i) : field.fixed;
}

// One stage of one trial: its output's shape and its part of each resource; null where that is not known.
function shareOf(at, i) {
  const known = DATA.shares.stages[at];
  const row = known?.rows[known.scope.map((choice) => trials.architecture[i][choice]).join(",")];
  return row ? { channels: row[0], height: row[1], width: row[2], costs: row.slice(3) } : null;
}

take(JSON.parse(document.getElementById("run-data").textContent));
