// Puts the page together.

// Axes that nobody has chosen, or that the run no longer has: the first cost, and the objective once it is known.
function settle() {
  if (!state.isChosen || !byKey.has(state.x))
    state.x = DATA.axes.find((key) => byKey.has(key)) ?? quantities.at(-1).key;
  if (!state.isChosen || !byKey.has(state.y)) state.y = byKey.has(run.objective) ? run.objective : quantities[0].key;
}

function begin() {
  settle();
  place("explorer").hidden = false;
  buildMap();
  buildRanges();
  buildParallel();
  buildTable();
  buildProgress();
  buildCluster();
  listen(["hovered", "pinned", "axes", "data"], showDetail);
  listen(["pinned", "data"], showComparison);
  showDetail();
  showComparison();
}

begin();
