// Keeps what is typed in the forms of a sheet in the browser until the server has it, so that no lost
// connection, error or closed window takes it. When the form is opened again, it is put back.
//
// It stays on the device; where others use the computer too, it goes with the tab. The server says by
// the address of the page that follows ("#answers-saved") that it has everything.

const script = document.querySelector("[data-typed-script]");
const { owner } = script.dataset;
const shelf = () => ("shared" in script.dataset ? sessionStorage : localStorage);
const words = (name) => script.dataset[`words${name[0].toUpperCase()}${name.slice(1)}`];

const PREFIX = "waymark.typed.";
const KEPT_FOR = 14 * 24 * 3600 * 1000; // ms

function read(key) {
  try {
    return JSON.parse(shelf().getItem(key));
  } catch {
    return null;
  }
}

function forget(key) {
  try {
    shelf().removeItem(key);
  } catch {
    // Nothing can be stored here, so nothing was.
  }
}

function sweep() {
  let keys = [];
  try {
    keys = Object.keys(shelf()).filter((key) => key.startsWith(PREFIX));
  } catch {
    // The same.
  }
  for (const key of keys) {
    const entry = read(key);
    if (entry?.owner !== owner || !(Date.now() - entry.at < KEPT_FOR) || typeof entry.fields !== "object") {
      forget(key);
    }
  }
}

// The hidden field beside one that says over what it was typed.
const baseName = (name) => (name.startsWith("answer_") ? name.replace("answer_", "based_on_") : `initial-${name}`);

function watch(form) {
  const key = `${PREFIX}${location.pathname}`;
  const status = form.querySelector("[data-typed-status]");
  // The server gives back what it could not save.
  const isUnsaved = form.dataset.typed === "unsaved";
  const fields = () => [...form.querySelectorAll("textarea[name]")];
  const base = (name) => form.elements[baseName(name)];

  function tell(text) {
    status.hidden = false;
    status.textContent = text;
  }

  function keep() {
    const typed = fields().filter((field) => field.value !== (isUnsaved ? "" : field.defaultValue));
    if (!typed.length) {
      forget(key);
      return;
    }
    const kept = Object.fromEntries(
      typed.map(({ name, value }) => [name, { text: value, base: base(name)?.value ?? "" }]),
    );
    try {
      shelf().setItem(key, JSON.stringify({ owner, at: Date.now(), fields: kept }));
    } catch {
      // A private window, or the store is full.
    }
  }

  function add(name, value) {
    const input = document.createElement("textarea");
    Object.assign(input, { name, hidden: true, value });
    form.append(input);
  }

  function putBack() {
    let isBack = false;
    for (const [name, { text, base: before }] of Object.entries(read(key)?.fields ?? {})) {
      const field = fields().find((each) => each.name === name);
      if (field && field.defaultValue.trim() === String(text).trim()) {
        continue;
      }
      isBack = true;
      if (!field) {
        // Its question has gone: the server says what became of the words.
        add(name, text);
        add(baseName(name), before);
        continue;
      }
      field.value = text;
      if (base(name)) {
        base(name).value = before;
      }
    }
    if (isBack) {
      tell(words("back"));
    } else if (isUnsaved) {
      keep();
    } else {
      forget(key);
    }
  }

  putBack();
  form.addEventListener("input", keep);
  form.addEventListener("submit", (event) => {
    keep();
    if (!navigator.onLine) {
      event.preventDefault();
      tell(words("offline"));
      status.scrollIntoView({ block: "center" });
    }
  });
}

sweep();
const saved = { "#answers-saved": "answers/", "#questions-saved": "choose/" }[location.hash];
if (saved && script.dataset.sheet) {
  forget(`${PREFIX}${script.dataset.sheet}${saved}`);
  // What is typed from now on is not saved, though the page be loaded again.
  history.replaceState(history.state, "", location.pathname + location.search);
}
const form = document.querySelector("form[data-typed]");
if (form) {
  watch(form);
}
