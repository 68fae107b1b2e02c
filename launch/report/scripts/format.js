// Numbers as people read them.

const UNKNOWN = "–";
const PREFIXES = [
  [1e12, "T"],
  [1e9, "G"],
  [1e6, "M"],
  [1e3, "k"],
  [1, ""],
  [1e-3, "m"],
  [1e-6, "µ"],
];

const isKnown = (value) => typeof value === "number" && Number.isFinite(value);

// Four significant digits; whole numbers in full.
function shown(value) {
  if (!isKnown(value)) return UNKNOWN;
  if (Number.isInteger(value) && Math.abs(value) < 1e15) return value.toLocaleString("en-US");
  if (value !== 0 && (Math.abs(value) < 1e-4 || Math.abs(value) >= 1e15)) return value.toExponential(3);
  return Number(value.toPrecision(4)).toLocaleString("en-US", { maximumFractionDigits: 8 });
}

// Three digits and a prefix, for where there is little room.
function brief(value) {
  if (!isKnown(value)) return UNKNOWN;
  const size = Math.abs(value);
  if (size === 0 || (size >= 0.01 && size < 1e4)) return String(Number(value.toPrecision(3)));
  if (size >= 1e15 || size < 1e-6) return value.toExponential(1);
  const [factor, prefix] = PREFIXES.find(([least]) => size >= least);
  return `${Number((value / factor).toPrecision(3))}${prefix}`;
}

function signed(value) {
  return isKnown(value) && value > 0 ? `+${shown(value)}` : shown(value).replace("-", "−");
}

function share(part, whole) {
  return isKnown(part) && whole ? `${Math.round((100 * part) / whole)} %` : UNKNOWN;
}

function lasted(seconds) {
  if (!isKnown(seconds)) return UNKNOWN;
  if (seconds < 60) return `${Number(seconds.toFixed(1))} s`;
  if (seconds < 3600) return `${Math.floor(seconds / 60)} min ${Math.round(seconds % 60)} s`;
  return `${Number((seconds / 3600).toFixed(1))} h`;
}

function counted(number, noun) {
  return `${number.toLocaleString("en-US")} ${noun}${number === 1 ? "" : "s"}`;
}
