// What the reader looks at. Whoever shows something listens; changes of one frame are told together.

const state = {
  hovered: null, // a trial
  pinned: [], // at most two trials, the older first
  ranges: new Map(), // quantity or choice -> [low, high]: the trials within all of them are selected
  x: null,
  y: null,
  colour: "origin",
  isChosen: false, // the axes, by the reader
  sort: { key: null, isDescending: false },
};
const listeners = [];
const pending = new Set();
let selected = new Uint8Array(count).fill(1);

function listen(topics, listener) {
  listeners.push({ topics, listener });
}

function changed(...topics) {
  if (!pending.size) requestAnimationFrame(tell);
  topics.forEach((topic) => pending.add(topic));
}

function tell() {
  const topics = new Set(pending);
  pending.clear();
  if (topics.has("ranges") || topics.has("data")) select();
  for (const { topics: wanted, listener } of listeners) if (wanted.some((topic) => topics.has(topic))) listener(topics);
}

function select() {
  selected = new Uint8Array(count);
  const ranges = [...state.ranges];
  for (let i = 0; i < count; i++)
    selected[i] = ranges.every(([key, [low, high]]) => within(rangeValue(key, i), low, high)) ? 1 : 0;
}

// A choice is ranged over by the place of its option, under the name "choice:" and its own.
function rangeValue(key, i) {
  return key.startsWith("choice:") ? trials.architecture[i][Number(key.slice(7))] : valueOf(key, i);
}

const within = (value, low, high) => value >= low && value <= high;

function hover(i) {
  if (state.hovered === i) return;
  state.hovered = i;
  changed("hovered");
}

// Pins or unpins; of three, the oldest goes.
function pin(i) {
  state.pinned = state.pinned.includes(i)
    ? state.pinned.filter((other) => other !== i)
    : [...state.pinned, i].slice(-2);
  changed("pinned");
}

function setRange(key, low, high) {
  if (low === null) state.ranges.delete(key);
  else state.ranges.set(key, [Math.min(low, high), Math.max(low, high)]);
  changed("ranges");
}
