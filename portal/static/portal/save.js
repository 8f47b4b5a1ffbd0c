// Saving without an account: on this device alone. Nothing about what is saved is ever sent, but
// when a member presses the button that puts it on a list.
//
// Every save link works without this module: it leads to the page that saves. Here a press asks
// first whether a member is signed in. If so, or if anything goes wrong, the link is followed.

const script = document.querySelector("[data-save-script]");
const words = (name) => script.dataset[`words${name[0].toUpperCase()}${name.slice(1)}`] || "";

// The store: a JSON list of {kind, key, title, url, saved}.

const STORE = "waymark.saved";

function read() {
  try {
    const items = JSON.parse(localStorage.getItem(STORE));
    return Array.isArray(items) ? items.filter((item) => item && item.kind && item.key) : [];
  } catch {
    return [];
  }
}

// Returns false where the browser keeps nothing: in a private window, or when it is full.
function write(items) {
  try {
    if (items.length) {
      localStorage.setItem(STORE, JSON.stringify(items));
    } else {
      localStorage.removeItem(STORE);
    }
    return true;
  } catch {
    return false;
  }
}

const isSame = (a, b) => a.kind === b.kind && a.key === b.key;
const has = (item) => read().some((other) => isSame(other, item));
const without = (item) => read().filter((other) => !isSame(other, item));

// A region that is there from the start, so that what is put in it is read out.

const status = document.createElement("p");
status.className = "visually-hidden";
status.setAttribute("role", "status");
document.querySelector("main").append(status);

function announce(text) {
  status.textContent = "";
  setTimeout(() => {
    status.textContent = text;
  }, 50);
}

// Save links

function itemOf(link) {
  const { kind, key, title, url } = link.dataset;
  const now = new Date();
  const day = [now.getFullYear(), now.getMonth() + 1, now.getDate()];
  const saved = day.map((part) => String(part).padStart(2, "0")).join("-");
  return { kind, key, title, url, saved };
}

function show(link, isSaved) {
  const { kind, key } = link.dataset;
  // Twice: as it is seen, and as it is heard together with the title.
  for (const part of link.querySelectorAll("[data-save-words]")) {
    part.textContent = words(isSaved ? "saved" : "save");
  }
  if (isSaved === (link.dataset.savedHere === "1")) {
    return;
  }
  if (!isSaved) {
    link.dataset.savedHere = "";
    link.href = link.dataset.saveUrl;
    link.nextElementSibling.remove();
    return;
  }
  link.dataset.savedHere = "1";
  link.dataset.saveUrl = link.getAttribute("href");
  link.href = "/lists/";
  const after = document.createElement("span");
  const told = document.createElement("span");
  told.dataset.saveStatus = "";
  told.className = "meta";
  const undo = document.createElement("button");
  undo.type = "button";
  undo.className = "link-button";
  undo.textContent = words("undo");
  const title = document.createElement("span");
  title.className = "visually-hidden";
  title.textContent = `: ${link.dataset.title}`;
  undo.append(title);
  undo.addEventListener("click", () => {
    write(without({ kind, key }));
    showAll();
    link.focus();
    announce(words("undone"));
  });
  after.append(told, " ", undo);
  link.after(after);
}

const links = [...document.querySelectorAll("a[data-save]")];

function showAll() {
  for (const link of links) {
    show(link, has(link.dataset));
  }
}

async function isMember() {
  const response = await fetch(script.dataset.stateUrl, {
    headers: { Accept: "application/json" },
    cache: "no-store",
  });
  if (!response.ok) {
    throw new Error(response.statusText);
  }
  return (await response.json()).member !== false;
}

async function press(event) {
  const link = event.currentTarget;
  const isPlain = event.button === 0 && !event.ctrlKey && !event.metaKey && !event.shiftKey && !event.altKey;
  if (!isPlain || link.dataset.savedHere === "1") {
    return;
  }
  event.preventDefault();
  if (link.dataset.busy === "1") {
    return;
  }
  link.dataset.busy = "1";
  const address = link.href;
  try {
    const goesToAccount = await isMember();
    if (goesToAccount || !write([...without(link.dataset), itemOf(link)])) {
      location.assign(address);
      return;
    }
  } catch {
    location.assign(address);
    return;
  } finally {
    link.dataset.busy = "";
  }
  showAll();
  link.nextElementSibling.querySelector("[data-save-status]").textContent = words("savedStatus");
  announce(words("savedStatus"));
}

for (const link of links) {
  link.addEventListener("click", press);
}
showAll();

// The list of what is saved on this device

const section = document.querySelector("[data-device-list]");
const saveAll = section?.querySelector("[data-device-save-all]");
const AT_ONCE = 200; // items; the server says how many of them it takes

// An address of our own, whatever somebody may have put into the store.
const isOurs = (url) => typeof url === "string" && /^\/(?![/\\])/.test(url);

function place(item, index) {
  const items = without(item);
  items.splice(index, 0, item);
  return write(items);
}

function removedRow(items, text, row) {
  const [item] = items;
  const removed = section.querySelector("[data-device-removed]").content.firstElementChild.cloneNode(true);
  removed.querySelector("[data-removed-words]").textContent = text;
  const undo = removed.querySelector("[data-item-undo]");
  undo.addEventListener("click", () => {
    if (items.length === 1) {
      place(item.value, item.index);
    } else {
      write(items.map((each) => each.value));
    }
    fill();
    section.querySelector("#on-device").focus();
    announce(words("back"));
  });
  row.replaceWith(removed);
  undo.focus();
  announce(text);
}

function dayOf(item) {
  const day = new Date(`${item.saved}T12:00:00`);
  if (Number.isNaN(day.getTime())) {
    return "";
  }
  // In the order in which the pages write a day, whatever is usual where the reader lives.
  const format = new Intl.DateTimeFormat(document.documentElement.lang, { day: "numeric", month: "long", year: "numeric" });
  const parts = Object.fromEntries(format.formatToParts(day).map(({ type, value }) => [type, value]));
  return words("day").replace("{day}", `${parts.day} ${parts.month} ${parts.year}`);
}

function rowOf(item, index) {
  const row = section.querySelector("[data-device-item]").content.firstElementChild.cloneNode(true);
  const title = String(item.title || item.key);
  row.querySelector("[data-item-kind]").textContent = words(String(item.kind));
  const link = row.querySelector("[data-item-link]");
  link.textContent = title;
  if (isOurs(item.url)) {
    link.href = item.url;
  }
  row.querySelector("[data-item-day]").textContent = dayOf(item);
  for (const hidden of row.querySelectorAll("[data-item-title]")) {
    hidden.textContent = `: ${title}`;
  }
  const save = row.querySelector("[data-item-save]");
  if (save) {
    save.href = `/lists/save/?${new URLSearchParams({ [item.kind]: item.key })}`;
  }
  row.querySelector("[data-item-remove]").addEventListener("click", () => {
    write(without(item));
    showAround();
    removedRow([{ value: item, index }], `${title}: ${words("removed")}`, row);
  });
  return row;
}

// What makes sense only where something is saved on the device, or only where nothing is.
function showAround() {
  const isEmpty = read().length === 0;
  section.querySelector("[data-device-clear]").hidden = isEmpty;
  if (saveAll) {
    saveAll.hidden = isEmpty;
  }
  const emptyState = document.querySelector("[data-empty-state]");
  if (emptyState) {
    emptyState.hidden = !isEmpty;
  }
}

function fill() {
  const items = read();
  section.hidden = items.length === 0;
  showAround();
  section.querySelector("[data-device-items]").replaceChildren(...items.map(rowOf));
}

if (section) {
  section.querySelector("[data-device-clear]").addEventListener("click", () => {
    const items = read().map((value, index) => ({ value, index }));
    write([]);
    showAround();
    const row = document.createElement("li");
    section.querySelector("[data-device-items]").replaceChildren(row);
    removedRow(items, words("removedAll"), row);
  });
  saveAll?.addEventListener("formdata", ({ formData }) => {
    for (const { kind, key } of read().slice(0, AT_ONCE)) {
      formData.append("kind", kind);
      formData.append("key", key);
    }
  });
  // Only what the server names is on the list for certain; the rest stays.
  for (const { dataset } of document.querySelectorAll("[data-device-saved] > li")) {
    write(without(dataset));
  }
  fill();
}

// Another tab may have saved or removed something.
window.addEventListener("storage", (event) => {
  if (event.key === STORE || event.key === null) {
    showAll();
    if (section) {
      fill();
    }
  }
});
// A page that the browser kept while another one was open.
window.addEventListener("pageshow", (event) => {
  if (event.persisted) {
    showAll();
  }
});
