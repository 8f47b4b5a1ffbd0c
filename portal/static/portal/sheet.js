// The sheet for an appointment: prints it, and begins one with what this device has saved.

const STORE = "waymark.saved";
const MOST = 100; // things; the server takes no more at once

for (const button of document.querySelectorAll("[data-print]")) {
  button.hidden = false;
  button.addEventListener("click", () => window.print());
}

function saved() {
  try {
    const items = JSON.parse(localStorage.getItem(STORE));
    return Array.isArray(items) ? items.filter((item) => item && item.kind && item.key) : [];
  } catch {
    return [];
  }
}

const section = document.querySelector("[data-device-sheet]");
const items = section ? saved().slice(0, MOST) : [];
if (items.length) {
  const form = section.querySelector("form");
  for (const { kind, key } of items) {
    for (const [name, value] of Object.entries({ kind, key })) {
      const input = document.createElement("input");
      input.type = "hidden";
      input.name = name;
      input.value = value;
      form.append(input);
    }
  }
  section.hidden = false;
}
