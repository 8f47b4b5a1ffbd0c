// A note that is typed and not saved yet is saved before any other form of its page is sent.
//
// Without this module only the note's own form saves it, and the hint beside it says so. The note
// goes to the address of that form with its fields; its own button stays what it was.

const script = document.querySelector("[data-note-script]");
const words = script.dataset;
const PATIENCE = 20_000; // ms

const fields = [...document.querySelectorAll("textarea[data-note]")];
const isDirty = (field) => field.value !== field.defaultValue;

function tell(field, text, isFault = false) {
  const status = field.form.querySelector("[data-note-status]");
  status.textContent = text;
  status.classList.toggle("notice", isFault);
  status.classList.toggle("notice-care", isFault);
}

async function save(field) {
  const text = field.value;
  tell(field, words.wordsSaving);
  // What is typed now would not be in what is sent.
  field.readOnly = true;
  try {
    const response = await fetch(field.form.action, {
      method: "POST",
      body: new URLSearchParams(new FormData(field.form)),
      // A saved note is answered by a redirect, and all else by a page: a note that is too long
      // by one with status 200.
      redirect: "manual",
      signal: AbortSignal.timeout(PATIENCE),
    });
    if (response.type !== "opaqueredirect") {
      return false;
    }
  } catch {
    return false;
  } finally {
    field.readOnly = false;
  }
  field.defaultValue = text;
  return true;
}

function bringIntoView(field) {
  const folded = field.closest("details");
  if (folded) {
    folded.open = true;
  }
  field.focus({ preventScroll: true });
  field.form.scrollIntoView({ block: "center" });
}

let isSaving = false;
let sent = null; // the form with which the page is being left

document.addEventListener("submit", async (event) => {
  const { target: form, submitter } = event;
  const unsaved = fields.filter((field) => isDirty(field) && field.form !== form);
  if (isSaving) {
    event.preventDefault();
    return;
  }
  if (!unsaved.length) {
    sent = form;
    return;
  }
  event.preventDefault();
  isSaving = true;
  for (const field of unsaved) {
    const isSaved = await save(field);
    tell(field, isSaved ? words.wordsSaved : words.wordsUnsaved, !isSaved);
    if (!isSaved) {
      isSaving = false;
      bringIntoView(field);
      return;
    }
  }
  isSaving = false;
  form.requestSubmit(submitter);
});

// Links, another address, closing the tab.
window.addEventListener("beforeunload", (event) => {
  if (fields.some((field) => isDirty(field) && field.form !== sent)) {
    event.preventDefault();
    event.returnValue = true; // for browsers before 2024
  }
});
window.addEventListener("pageshow", () => {
  sent = null;
});

for (const field of fields) {
  tell(field, "");
  field.addEventListener("input", () => {
    sent = null;
    tell(field, "");
  });
}
