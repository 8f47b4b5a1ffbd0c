// Saving with one press, without leaving the page: on a member's list, or without an account on
// this device alone. Nothing about what is saved on the device is ever sent, but when a member
// presses the button that shows what could go on a list.
//
// Every save link works without this module: it leads to the page that saves. Here a press asks
// first whether a member is signed in. If anything goes wrong, the link is followed.

const script = document.querySelector("[data-save-script]");
const words = (name) => script.dataset[`words${name[0].toUpperCase()}${name.slice(1)}`] || "";

// The store: a JSON list of {kind, key, title, url, saved}.

const STORE = "waymark.saved";
const MOST = 200; // things on one device

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

// Twice: as it is seen, and as it is heard together with the title.
function name(link, text) {
  for (const part of link.querySelectorAll("[data-save-words]")) {
    part.textContent = text;
  }
}

function button(text, title, whenPressed) {
  const made = document.createElement("button");
  made.type = "button";
  made.className = "link-button";
  made.textContent = text;
  const more = document.createElement("span");
  more.className = "visually-hidden";
  more.textContent = `: ${title}`;
  made.append(more);
  made.addEventListener("click", whenPressed);
  return made;
}

const afterOf = (link) => (link.nextElementSibling?.matches("[data-save-after]") ? link.nextElementSibling : null);

// Puts words, and whatever can be done now, behind the link.
function put(link, text, ...parts) {
  const after = afterOf(link) || document.createElement("span");
  after.dataset.saveAfter = "";
  const told = document.createElement("span");
  told.dataset.saveStatus = "";
  told.className = "meta";
  told.textContent = text;
  after.replaceChildren(told, ...parts.flatMap((part) => [" ", part]));
  link.after(after);
}

function reset(link) {
  name(link, words("save"));
  if (link.dataset.saveUrl) {
    link.href = link.dataset.saveUrl;
  }
  link.dataset.savedHere = "";
  link.dataset.onList = "";
  done.delete(link);
  afterOf(link)?.remove();
}

function leadTo(link, address) {
  link.dataset.saveUrl ||= link.getAttribute("href");
  link.href = address;
}

// On the device

function show(link, isSaved) {
  const { kind, key, title } = link.dataset;
  if (link.dataset.onList === "1" || isSaved === (link.dataset.savedHere === "1")) {
    return;
  }
  if (!isSaved) {
    reset(link);
    return;
  }
  name(link, words("saved"));
  link.dataset.savedHere = "1";
  leadTo(link, "/lists/");
  const undo = button(words("undo"), title, () => {
    write(without({ kind, key }));
    showAll();
    link.focus();
    announce(words("undone"));
  });
  put(link, "", undo);
}

const links = [...document.querySelectorAll("a[data-save]")];

function showAll() {
  for (const link of links) {
    show(link, has(link.dataset));
  }
}

function saveHere(link) {
  if (read().length >= MOST) {
    put(link, words("full"));
    announce(words("full"));
    return true;
  }
  if (!write([...without(link.dataset), itemOf(link)])) {
    return false;
  }
  showAll();
  afterOf(link).querySelector("[data-save-status]").textContent = words("savedStatus");
  announce(words("savedStatus"));
  return true;
}

// On a member's list

const PATIENCE = 20_000; // ms

// Whether a member asks, and then the token that a form of ours would carry.
async function ask() {
  const response = await fetch(script.dataset.stateUrl, {
    headers: { Accept: "application/json" },
    cache: "no-store",
    signal: AbortSignal.timeout(PATIENCE),
  });
  if (!response.ok) {
    throw new Error(response.statusText);
  }
  return response.json();
}

// Returns the answer, which has words even where it says no.
async function send(address, token, fields) {
  const response = await fetch(address, {
    method: "POST",
    body: new URLSearchParams({ csrfmiddlewaretoken: token, ...fields }),
    headers: { Accept: "application/json" },
    cache: "no-store",
    redirect: "manual",
    signal: AbortSignal.timeout(PATIENCE),
  });
  const answer = await response.json();
  if (!answer.words) {
    throw new Error(response.statusText);
  }
  return { ...answer, isDone: response.ok };
}

// Does one thing more with what was just saved; the words say what became of it.
async function goOn(link, pressed, address, fields, whenDone) {
  pressed.disabled = true;
  try {
    const { token } = await ask();
    const answer = await send(address, token, fields);
    if (answer.isDone) {
      whenDone(answer);
    } else {
      afterOf(link).querySelector("[data-save-status]").textContent = answer.words;
    }
    announce(answer.words);
  } catch {
    afterOf(link).querySelector("[data-save-status]").textContent = words("failed");
    announce(words("failed"));
  } finally {
    pressed.disabled = false;
  }
}

function choice(link, answer) {
  const field = document.createElement("span");
  field.className = "save-choice";
  field.hidden = true;
  const label = document.createElement("label");
  label.textContent = words("list");
  const select = document.createElement("select");
  select.className = "form-select";
  select.append(...answer.lists.map(({ id, title }) => new Option(title, id)));
  label.append(select);
  const move = button(words("move"), link.dataset.title, () => {
    goOn(link, move, answer.move, { list: select.value, move: "1" }, (moved) => {
      onList(link, moved);
      link.focus();
    });
  });
  field.append(label, " ", move);
  const open = button(words("other"), link.dataset.title, () => {
    field.hidden = !field.hidden;
    open.setAttribute("aria-expanded", String(!field.hidden));
    if (!field.hidden) {
      select.focus();
    }
  });
  open.setAttribute("aria-expanded", "false");
  return [open, field];
}

function onList(link, answer) {
  name(link, words("onList"));
  link.dataset.onList = "1";
  leadTo(link, answer.url);
  const parts = [];
  if (answer.undo) {
    const undo = button(words("undo"), link.dataset.title, () => {
      goOn(link, undo, answer.undo, { is_archived: "1" }, () => {
        reset(link);
        link.focus();
      });
    });
    parts.push(undo);
  }
  if (answer.lists.length) {
    parts.push(...choice(link, answer));
  }
  put(link, answer.words, ...parts);
}

// A press. Of two that come close together, as from a hand that shakes, one counts: a saved link leads
// to the list, and who pressed it twice did not want to leave the page.

const TWO_PRESSES_APART = 700; // ms
const done = new WeakMap();

async function press(event) {
  const link = event.currentTarget;
  if (Date.now() - (done.get(link) ?? 0) < TWO_PRESSES_APART) {
    event.preventDefault();
    return;
  }
  const isPlain = event.button === 0 && !event.ctrlKey && !event.metaKey && !event.shiftKey && !event.altKey;
  if (!isPlain || link.dataset.savedHere === "1" || link.dataset.onList === "1") {
    return;
  }
  event.preventDefault();
  if (link.dataset.busy === "1") {
    return;
  }
  link.dataset.busy = "1";
  const { kind, key } = link.dataset;
  const address = link.href;
  try {
    const { member, token } = await ask();
    if (member) {
      const answer = await send(address.split("?")[0], token, { [kind]: key });
      onList(link, answer);
      announce(answer.words);
    } else if (!saveHere(link)) {
      location.assign(address);
    }
  } catch {
    if (navigator.onLine) {
      location.assign(address);
    } else {
      put(link, words("offline"));
      announce(words("offline"));
    }
  } finally {
    link.dataset.busy = "";
    if (link.dataset.savedHere === "1" || link.dataset.onList === "1") {
      done.set(link, Date.now());
    }
  }
}

for (const link of links) {
  link.addEventListener("click", press);
}
showAll();

// The list of what is saved on this device

const section = document.querySelector("[data-device-list]");
const list = section?.querySelector("[data-device-items]");

// An address of our own, whatever somebody may have put into the store.
const isOurs = (url) => typeof url === "string" && /^\/(?![/\\])/.test(url);

function place(item, index) {
  const items = without(item);
  items.splice(index, 0, item);
  return write(items);
}

// Moves an item by one place; the button that was pressed has the focus again.
function move(item, step) {
  const index = read().findIndex((other) => isSame(other, item));
  const last = read().length - 1;
  const there = index + step;
  if (index < 0 || there < 0 || there > last || !place(item, there)) {
    return;
  }
  fill();
  const row = list.children[there];
  const isAtEnd = there === (step < 0 ? 0 : last);
  row.querySelector((step < 0) !== isAtEnd ? "[data-item-up]" : "[data-item-down]").focus();
  announce(words("place").replace("{title}", String(item.title || item.key)).replace("{number}", there + 1).replace("{total}", last + 1));
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

function rowOf(item, index, all) {
  const row = section.querySelector("[data-device-item]").content.firstElementChild.cloneNode(true);
  const title = String(item.title || item.key);
  row.querySelector("[data-item-kind]").textContent = words(String(item.kind));
  const link = row.querySelector("[data-item-link]");
  link.textContent = title;
  if (isOurs(item.url)) {
    link.href = item.url;
    row.querySelector("[data-item-address]").textContent = new URL(item.url, location.href).href;
  }
  row.querySelector("[data-item-day]").textContent = dayOf(item);
  for (const hidden of row.querySelectorAll("[data-item-title]")) {
    hidden.textContent = `: ${title}`;
  }
  const save = row.querySelector("[data-item-save]");
  if (save) {
    save.href = `/lists/save/?${new URLSearchParams({ [item.kind]: item.key })}`;
  }
  for (const [selector, step, isEnd] of [
    ["[data-item-up]", -1, index === 0],
    ["[data-item-down]", 1, index === all.length - 1],
  ]) {
    const way = row.querySelector(selector);
    way.hidden = isEnd;
    // The second press of two would meet the button of another thing, in the same place.
    way.addEventListener("click", (event) => event.detail > 1 || move(item, step));
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
  for (const part of section.querySelectorAll("[data-device-some]")) {
    part.hidden = isEmpty;
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
  list.replaceChildren(...items.map(rowOf));
}

if (section) {
  section.querySelector("[data-device-clear]").addEventListener("click", () => {
    const items = read().map((value, index) => ({ value, index }));
    write([]);
    showAround();
    const row = document.createElement("li");
    list.replaceChildren(row);
    removedRow(items, words("removedAll"), row);
  });
  section.querySelector("[data-device-print]").addEventListener("click", () => print());
  for (const form of section.querySelectorAll("form[data-device-send]")) {
    form.addEventListener("formdata", ({ formData }) => {
      for (const { kind, key, title } of read().slice(0, MOST)) {
        formData.append("kind", kind);
        formData.append("key", key);
        formData.append("title", title || "");
      }
    });
  }
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
