// Colours of trials: the page's own, so that both schemes hold; a ramp for a third quantity.

const ORIGINS = ["design", "genetic", "mutation", "random"];

const css = (name) => getComputedStyle(document.documentElement).getPropertyValue(name).trim();

// For one painting: a function from a trial to its colour, and what a legend says of it.
function colouring(key, chosen) {
  if (key === "origin") return byOrigin(chosen);
  if (key === "limits") return byLimits();
  return byQuantity(key, chosen);
}

function byOrigin(chosen) {
  const found = [...new Set(chosen.map(originOf))].sort((a, b) => rank(a) - rank(b) || (a < b ? -1 : 1));
  const colours = new Map(found.map((name) => [name, css(`--series-${rank(name)}`)]));
  return { of: (i) => colours.get(originOf(i)), legend: found.slice(0, 8).map((name) => [colours.get(name), name]) };
}

function rank(origin) {
  const at = ORIGINS.indexOf(origin);
  return at < 0 ? ORIGINS.length : at;
}

function byLimits() {
  const [meets, violates] = [css("--series-0"), css("--limit")];
  return {
    of: (i) => (trials.feasible[i] ? meets : violates),
    legend: [
      [meets, "meets the limits"],
      [violates, "violates one"],
    ],
  };
}

// From the page's faint blue to its strong orange, in the order of the values: outliers take one shade, not all.
function byQuantity(key, chosen) {
  const values = chosen
    .map((i) => valueOf(key, i))
    .filter(Number.isFinite)
    .sort((a, b) => a - b);
  const ends = [css("--ramp-low"), css("--ramp-middle"), css("--ramp-high")].map(rgb);
  const last = values.length - 1;
  const at = (value) => (last > 0 ? firstAtLeast(values, value) / last : 0.5);
  const faint = css("--faint");
  const of = (i) => (Number.isFinite(valueOf(key, i)) ? mixed(ends, Math.min(1, at(valueOf(key, i)))) : faint);
  const legend = last < 0 ? [] : [0, 0.5, 1].map((part) => [mixed(ends, part), brief(values[Math.round(part * last)])]);
  return { of, legend: [...legend, [null, labelOf(key)]] };
}

function firstAtLeast(sorted, value) {
  let low = 0,
    high = sorted.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (sorted[middle] < value) low = middle + 1;
    else high = middle;
  }
  return low;
}

function rgb(code) {
  return [1, 3, 5].map((at) => parseInt(code.slice(at, at + 2), 16));
}

function mixed([low, middle, high], part) {
  const [from, to, rest] = part < 0.5 ? [low, middle, 2 * part] : [middle, high, 2 * part - 1];
  return `rgb(${from.map((value, k) => Math.round(value + (to[k] - value) * rest)).join(" ")})`;
}
