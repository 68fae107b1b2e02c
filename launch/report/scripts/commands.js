// Commands that take a trial further, to copy.

function commandsOf(i) {
  const offered = DATA.commands.filter((command) => !command.resource || command.resource === state.x);
  return make(
    "div",
    { class: "commands" },
    offered.map((command) => commandOf(command, i)),
  );
}

function commandOf(command, i) {
  const text = filledIn(command, i);
  const copy = button("copy", () => copied(text, copy), { "aria-label": `copy: ${command.name}` });
  return make(
    "div",
    { class: "command" },
    make("details", {}, make("summary", {}, command.name), make("pre", {}, text)),
    copy,
  );
}

function filledIn(command, i) {
  const known = {
    "{architecture}": JSON.stringify(trials.architecture[i]),
    "{trial}": nameOf(i),
    "{cost}": command.resource ? exact(valueOf(command.resource, i)) : "",
  };
  return command.text.replace(/\{architecture\}|\{trial\}|\{cost\}/g, (name) => known[name]);
}

// Not below the value itself, which is kept to seven digits.
function exact(value) {
  return Number.isInteger(value) ? String(value) : String(Number((value * (1 + 1e-6)).toPrecision(7)));
}

async function copied(text, pressed) {
  let said = "copied";
  try {
    await navigator.clipboard.writeText(text);
  } catch {
    said = copiedTheOldWay(text) ? "copied" : "select and copy it below";
  }
  pressed.textContent = said;
  pressed.previousElementSibling.open ||= said !== "copied";
  setTimeout(() => (pressed.textContent = "copy"), 2000);
}

// Pages from a disk may not be let at the clipboard.
function copiedTheOldWay(text) {
  const field = make("textarea", { class: "unseen" });
  field.value = text;
  document.body.append(field);
  field.select();
  const done = document.execCommand("copy");
  field.remove();
  return done;
}
