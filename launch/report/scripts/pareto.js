// Fronts on two axes, their knee and their hypervolume. What is better higher is turned round first.

// The given trials that no other dominates, by ascending first axis; equal ones are all on it.
function frontOf(chosen, xKey, yKey) {
  const [sx, sy] = [signOf(xKey), signOf(yKey)];
  const points = chosen
    .map((i) => ({ i, x: sx * valueOf(xKey, i), y: sy * valueOf(yKey, i) }))
    .filter((point) => Number.isFinite(point.x) && Number.isFinite(point.y))
    .sort((a, b) => a.x - b.x || a.y - b.y);
  const front = [];
  let best = null;
  for (const point of points) {
    if (best === null || point.y < best.y || (point.y === best.y && point.x === best.x)) {
      front.push(point.i);
      best = point;
    }
  }
  return front;
}

// The front's point farthest below the line between its ends, both axes scaled to [0, 1]; null where nothing bends.
function kneeOf(front, xKey, yKey) {
  if (front.length < 3) return null;
  const [xs, ys] = [xKey, yKey].map((key) => unit(front.map((i) => signOf(key) * valueOf(key, i))));
  const gap = front.map((_, k) => 1 - xs[k] - ys[k]);
  const deepest = gap.indexOf(Math.max(...gap));
  return gap[deepest] > 1e-9 ? front[deepest] : null;
}

function unit(values) {
  const [low, high] = [Math.min(...values), Math.max(...values)];
  return values.map((value) => (high > low ? (value - low) / (high - low) : 0));
}

// As a share of the box between the best and the worst of the given trials on each axis; null for a flat one.
function hypervolumeOf(front, chosen, xKey, yKey) {
  const [xs, ys] = [xKey, yKey].map((key) => chosen.map((i) => signOf(key) * valueOf(key, i)).filter(Number.isFinite));
  if (!front.length || !xs.length) return null;
  const [left, right] = extent(xs),
    [low, high] = extent(ys);
  if (right === left || high === low) return null;
  let area = 0;
  front.forEach((i, k) => {
    const next = k + 1 < front.length ? signOf(xKey) * valueOf(xKey, front[k + 1]) : right;
    area += (next - signOf(xKey) * valueOf(xKey, i)) * (high - signOf(yKey) * valueOf(yKey, i));
  });
  return area / ((right - left) * (high - low));
}

function extent(values) {
  let low = Infinity,
    high = -Infinity;
  for (const value of values) {
    if (value < low) low = value;
    if (value > high) high = value;
  }
  return [low, high];
}
