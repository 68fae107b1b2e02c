// A live page: its server says when the record has changed; the data come anew, then the sections that need no script.

const QUICK_SECTIONS = ["verdict", "facts", "winner", "pictures", "resources", "reading", "front-table", "training"];
const SLOW_SECTIONS = ["predictor", "matters"]; // the predictor is fitted for them

function follow() {
  const events = new EventSource("events");
  const sign = place("live");
  const slow = paced(() => renewSections("page", SLOW_SECTIONS, sign), 9);
  const quick = paced(() => renewSections("./", QUICK_SECTIONS, sign), 9);
  const data = paced(async () => {
    await renewData(sign);
    quick();
    slow();
  }, 3);
  events.onopen = () => (sign.textContent = "live");
  events.onerror = () => (sign.textContent = "the dashboard does not answer; what is shown may be old");
  events.onmessage = data;
}

// A function that has the work done soon, once for many calls; after it comes a rest of so many times what it took, for
// the machine that answers may be the one that searches.
function paced(work, rest) {
  let isWanted = false,
    isUnderWay = false,
    readyAt = 0;
  const begin = async () => {
    isWanted = false;
    const began = Date.now();
    await work();
    readyAt = Date.now() + rest * (Date.now() - began);
    isUnderWay = false;
    if (isWanted) ask();
  };
  const ask = () => {
    isWanted = true;
    if (isUnderWay) return;
    isUnderWay = true;
    setTimeout(begin, Math.max(0, readyAt - Date.now()));
  };
  return ask;
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
async function renewSections(address, names, sign) {
  try {
    const answer = await fetch(address);
    if (!answer.ok) throw new Error(await answer.text());
    const fresh = new DOMParser().parseFromString(await answer.text(), "text/html");
    for (const id of names) {
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
