// Everything that is known of one trial: the one under the pointer, else the one pinned last, else the best.

function detailed() {
  return state.hovered ?? state.pinned.at(-1) ?? best();
}

function best() {
  const winner = range(count).find(isWinner);
  if (winner !== undefined) return winner;
  const sign = signOf(run.objective);
  let found = null;
  for (let i = 0; i < count; i++) {
    const value = sign * valueOf(run.objective, i);
    if (Number.isFinite(value) && (found === null || value < sign * valueOf(run.objective, found))) found = i;
  }
  return found;
}

const range = (length) => Array.from({ length }, (_, i) => i);

function showDetail() {
  const i = detailed();
  const panel = place("detail");
  if (i === null || i === undefined)
    return panel.replaceChildren(make("p", { class: "muted" }, "Nothing is complete yet."));
  if (state.hovered !== null)
    place("spoken").textContent =
      `${nameOf(i)}: ${state.x} ${shown(valueOf(state.x, i))}, ${state.y} ${shown(valueOf(state.y, i))}`;
  panel.replaceChildren(heading(i), networkOf(i), facts(i), ...told(i), commandsOf(i));
}

function heading(i) {
  const isPinned = state.pinned.includes(i);
  const why = isWinner(i) ? "the winner" : isFinal(i) ? "a final" : `proposed by ${originOf(i)}`;
  const limits = run.limits.length ? (trials.feasible[i] ? "meets the limits on costs" : "violates a limit") : null;
  return make(
    "div",
    { class: "heading" },
    make("h4", {}, nameOf(i)),
    make("span", { class: "muted" }, [why, stateOf(i), limits].filter(Boolean).join(", ")),
    button(isPinned ? "unpin" : "pin", () => pin(i), { "aria-pressed": String(isPinned) }),
  );
}

// Every quantity that is known of it, and the user's attributes.
function facts(i) {
  const pairs = quantities
    .filter(({ key }) => isKnown(valueOf(key, i)))
    .map(({ key }) => [labelOf(key), quantityText(key, i)]);
  for (const [name, column] of Object.entries(DATA.attributes))
    if (column[i] !== null) pairs.push([name, attributeText(column[i])]);
  return make(
    "dl",
    { class: "values" },
    pairs.map(([name, value]) => make("div", {}, make("dt", {}, name), make("dd", {}, value))),
  );
}

function quantityText(key, i) {
  return key === "duration" ? lasted(valueOf(key, i)) : shown(valueOf(key, i));
}

function attributeText(value) {
  return typeof value === "string" ? value : JSON.stringify(value);
}

function told(i) {
  const notes = trials.notes[i].map((at) => make("p", { class: "muted" }, textOf(at)));
  const failure = textOf(trials.failure[i]);
  return failure ? [make("pre", { class: "failure" }, failure), ...notes] : notes;
}
