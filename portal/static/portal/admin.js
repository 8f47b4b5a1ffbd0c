// Names, for screen readers, what the editor and the search fields of the admin leave unnamed.
// Their own labels stand on the page already; here they are tied to what they belong to.

const textOf = (label) => label?.textContent.trim().replace(/:$/, "") ?? "";

function labelOf(id) {
  return textOf(document.querySelector(`label[for="${CSS.escape(id)}"]`));
}

function nameEditor(editor) {
  const field = editor.closest(".prose-editor")?.querySelector("textarea");
  if (field?.id) {
    editor.setAttribute("aria-label", labelOf(field.id));
  }
}

function nameSelect(container) {
  const field = container.previousElementSibling;
  const label = field?.id ? labelOf(field.id) : "";
  if (!label) {
    return;
  }
  // "Clear all" stands in a list without being an item; each item has a button of its own.
  container.querySelectorAll("ul > .select2-selection__clear").forEach((all) => all.remove());
  for (const part of container.querySelectorAll(".select2-selection__rendered")) {
    part.setAttribute("aria-label", label);
  }
  for (const part of container.querySelectorAll(".select2-selection, .select2-search__field")) {
    part.removeAttribute("aria-labelledby");
    const chosen = container.querySelector(".select2-selection--single .select2-selection__rendered");
    part.setAttribute("aria-label", [label, chosen?.title].filter(Boolean).join(": "));
  }
}

function nameAll() {
  document.querySelectorAll(".ProseMirror[contenteditable]:not([aria-label])").forEach(nameEditor);
  document.querySelectorAll(".select2-container:not(.select2-container--open)").forEach(nameSelect);
}

// Both are built after the page has come, and again for every row that is added.
new MutationObserver(nameAll).observe(document.body, { childList: true, subtree: true });
nameAll();
