// A live page: its server says when the record has changed; the data come anew, then the sections that need no script.

const LIVE_SECTIONS = [
  "verdict",
  "facts",
  "winner",
  "pictures",
  "predictor",
  "matters",
  "resources",
  "reading",
  "front-table",
  "training",
];

function follow() {
  const events = new EventSource("events");
  const sign = place("live");
  let isBusy = false,
    isStale = false;
  events.onopen = () => (sign.textContent = "live");
  events.onerror = () => (sign.textContent = "the dashboard does not answer; what is shown may be old");
  events.onmessage = async () => {
    isStale = true;
    if (isBusy) return;
    isBusy = true;
    while (isStale) {
      isStale = false;
      await renewData(sign);
      if (!isStale) await renewSections(sign);
    }
    isBusy = false;
  };
}

async function renewData(sign) {
  try {
    const answer = await fetch("data");
    if (!answer.ok) throw new Error(await answer.text());
    renewed(await answer.json());
    sign.textContent = `live, as of ${new Date().toLocaleTimeString()}`;
  } catch (error) {
    sign.textContent = String(error.message);
  }
}

// Trials are known by their names while the record grows.
function renewed(data) {
  const [hovered, pinned] = [state.hovered === null ? null : nameOf(state.hovered), state.pinned.map(nameOf)];
  take(data);
  const places = new Map(range(count).map((i) => [nameOf(i), i]));
  state.hovered = places.get(hovered) ?? null;
  state.pinned = pinned.map((name) => places.get(name)).filter((i) => i !== undefined);
  settle();
  changed("data");
}

// The page as it would be written now; what a script draws into is left alone.
async function renewSections(sign) {
  try {
    const answer = await fetch("page");
    if (!answer.ok) throw new Error(await answer.text());
    const fresh = new DOMParser().parseFromString(await answer.text(), "text/html");
    for (const id of LIVE_SECTIONS) {
      const [old, found] = [place(id), fresh.getElementById(id)];
      if (old && found && old.innerHTML !== found.innerHTML)
        old.replaceWith(kept(old, document.importNode(found, true)));
    }
  } catch (error) {
    sign.textContent = String(error.message);
  }
}

// What the reader has opened stays open.
function kept(old, fresh) {
  const open = [...old.querySelectorAll("details")].map((one) => one.open);
  fresh.querySelectorAll("details").forEach((one, k) => (one.open = open[k] ?? false));
  return fresh;
}

if (place("live")) follow();
