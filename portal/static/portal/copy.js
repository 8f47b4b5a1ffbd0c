// Copies an address that is shown once, to be handed on. Without this module it can be selected.

const box = document.querySelector("[data-copy]");
const field = document.querySelector("#link");
const status = document.querySelector("[data-copy-status]");

async function copy() {
  field.focus();
  field.select();
  status.textContent = "";
  try {
    await navigator.clipboard.writeText(field.value);
    status.textContent = box.dataset.wordsCopied;
  } catch {
    status.textContent = box.dataset.wordsNotCopied;
  }
}

box.hidden = false;
box.querySelector("button").addEventListener("click", copy);
