// Elements. Texts go in as text nodes and attributes as attributes: nothing that is shown can become markup.

const SVG = "http://www.w3.org/2000/svg";

function make(tag, attributes = {}, ...children) {
  return filled(document.createElement(tag), attributes, children);
}

function draw(tag, attributes = {}, ...children) {
  return filled(document.createElementNS(SVG, tag), attributes, children);
}

function filled(element, attributes, children) {
  for (const [name, value] of Object.entries(attributes)) {
    if (name.startsWith("on")) element.addEventListener(name.slice(2), value);
    else if (value !== null && value !== undefined && value !== false)
      element.setAttribute(name, value === true ? "" : value);
  }
  element.append(...children.flat().filter((child) => child !== null && child !== undefined));
  return element;
}

function place(id) {
  return document.getElementById(id);
}

// An option list: [value, text] pairs. `changed` is called with the value.
function selection(id, label, options, value, changed) {
  const list = make(
    "select",
    { id, onchange: () => changed(list.value) },
    options.map(([key, text]) => make("option", { value: key }, text)),
  );
  list.value = value;
  return make("label", {}, make("span", {}, label), list);
}

// Other options for a list that is there; what was chosen stays if it still can be.
function refill(id, options) {
  const list = place(id),
    { value } = list;
  if (JSON.stringify(options) === JSON.stringify([...list.options].map((one) => [one.value, one.text]))) return;
  list.replaceChildren(...options.map(([key, text]) => make("option", { value: key }, text)));
  if (options.some(([key]) => key === value)) list.value = value;
}

function button(text, pressed, attributes = {}) {
  return make("button", { type: "button", onclick: pressed, ...attributes }, text);
}
