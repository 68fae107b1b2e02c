// Scales from values to pixels, and their ticks. Values that spread over more than a factor of 30 get logarithms.

const WIDE = 30;

// `values` may hold anything; what is not finite is left out. Null without any value.
function scaleOf(values, from, to, { isLog = null, air = 0.04 } = {}) {
  let low = Infinity,
    high = -Infinity;
  for (const value of values) {
    if (!Number.isFinite(value)) continue;
    if (value < low) low = value;
    if (value > high) high = value;
  }
  if (low > high) return null;
  const log = isLog ?? (low > 0 && high > WIDE * low);
  let [a, b] = log ? [Math.log10(low), Math.log10(high)] : [low, high];
  const edge = a === b ? Math.abs(a) * 0.05 || 0.5 : air * (b - a);
  a -= edge;
  b += edge;
  const at = (value) => from + ((to - from) * ((log ? Math.log10(value) : value) - a)) / (b - a);
  const back = (pixel) => {
    const value = a + ((b - a) * (pixel - from)) / (to - from);
    return log ? 10 ** value : value;
  };
  return {
    at,
    back,
    low: log ? 10 ** a : a,
    high: log ? 10 ** b : b,
    isLog: log,
    ticks: (number) => (log ? logTicks(a, b, number) : ticksOf(a, b, number)),
  };
}

function ticksOf(low, high, number) {
  const rough = (high - low) / Math.max(1, number);
  const power = 10 ** Math.floor(Math.log10(rough));
  const step = [1, 2, 5, 10].map((factor) => factor * power).find((size) => size >= rough);
  const ticks = [];
  for (let k = Math.ceil(low / step); k * step <= high; k++) ticks.push(Number((k * step).toPrecision(12)));
  return ticks;
}

function logTicks(low, high, number) {
  const factors = high - low < 1.2 ? [1, 2, 3, 5, 7] : high - low < 3 ? [1, 2, 5] : [1];
  const ticks = [];
  for (let power = Math.floor(low); power <= high; power++)
    for (const factor of factors) {
      const value = Number((factor * 10 ** power).toPrecision(3));
      if (Math.log10(value) >= low && Math.log10(value) <= high) ticks.push(value);
    }
  const every = Math.ceil(ticks.length / Math.max(1, number));
  return ticks.filter((_, k) => k % every === 0);
}
