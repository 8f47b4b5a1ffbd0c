// A note is saved while it is typed: after a pause, when its field is left, and when the page is.
//
// What the server has not got yet is kept in the browser, and is gone from there as soon as the
// server has it. It stays on the device until it can be sent, so that no lost connection, error or
// closed window takes it; where others use the computer too, it goes with the tab. Two windows
// never overwrite each other: the server knows which text a note was written over.
//
// Without this module the note's own form saves it, and the hint beside it says so.

const script = document.querySelector("[data-note-script]");
const { owner, stayUrl } = script.dataset;
const isShared = "shared" in script.dataset;
const most = Number(script.dataset.most);
const words = (name) => script.dataset[`words${name[0].toUpperCase()}${name.slice(1)}`];

const PAUSE = 1_000; // ms
const AFTER_A_PRESS = 250; // ms; words that come earlier would move what is being pressed
const SLOW = 3_000; // ms
const PATIENCE = 20_000; // ms
const TRY_AGAIN_AFTER = [3_000, 10_000, 30_000, 60_000]; // ms; then always the last
const BEFORE_LEAVING = 3_000; // ms
const NEAR_THE_END = 1_000; // characters
const KEPT_FOR = 14 * 24 * 3600 * 1000; // ms
const LEAVES_WITH_PAGE = 60_000; // bytes; what a browser still sends of a page that is gone

// What the browser keeps: under the name of this page and the address of the note, as JSON
// {owner, text, basedOn, page, at}.

const PREFIX = "waymark.note.";
const here = `${Date.now().toString(36)}${Math.random().toString(36).slice(2)}`;
const keyOf = (action) => `${PREFIX}${here}.${new URL(action, location.href).pathname}`;

function shelf() {
  return isShared ? sessionStorage : localStorage;
}

function keep(action, text, basedOn, page) {
  try {
    shelf().setItem(keyOf(action), JSON.stringify({ owner, text, basedOn, page, at: Date.now() }));
    return true;
  } catch {
    return false; // A private window, or the store is full.
  }
}

function forget(key) {
  try {
    shelf().removeItem(key);
  } catch {
    // Nothing can be stored here, so nothing was.
  }
}

function kept() {
  try {
    const keys = Object.keys(shelf()).filter((key) => key.startsWith(PREFIX));
    return keys.map((key) => {
      const [page, action] = key.slice(PREFIX.length).split(/\.(.*)/s);
      let entry = null;
      try {
        entry = JSON.parse(shelf().getItem(key));
      } catch {
        // Somebody else wrote it.
      }
      return { ...entry, key, writer: page, action };
    });
  } catch {
    return [];
  }
}

// Pages that are open hold a lock, so that none takes what another is still writing.
const lockOf = (writer) => `${PREFIX}${writer}`;
navigator.locks?.request(lockOf(here), () => new Promise(() => {}));

async function openPages() {
  const locks = await navigator.locks?.query();
  return new Set(locks ? locks.held.map((lock) => lock.name) : []);
}

// Sending. Returns what the server says: {saved, number, is_empty}, {note, number} of a conflict,
// or {reason}.

function token() {
  return document.querySelector("input[name='csrfmiddlewaretoken'][value]");
}

// After signing in anew in another window the old token is worth nothing.
async function renewToken() {
  const response = await fetch(stayUrl, { headers: { Accept: "application/json" }, cache: "no-store" });
  const answer = response.ok ? await response.json() : {};
  if (!answer.token) {
    return false;
  }
  for (const input of document.querySelectorAll("input[name='csrfmiddlewaretoken']")) {
    input.value = answer.token;
  }
  return true;
}

async function send(action, text, basedOn, isRepeated = false) {
  const body = new URLSearchParams({ note: text, based_on: basedOn, csrfmiddlewaretoken: token()?.value ?? "" });
  let response;
  try {
    response = await fetch(action, {
      method: "POST",
      body,
      headers: { Accept: "application/json" },
      redirect: "manual",
      keepalive: body.toString().length < LEAVES_WITH_PAGE,
      signal: AbortSignal.timeout(PATIENCE),
    });
    if (response.headers.get("Content-Type")?.startsWith("application/json")) {
      return await response.json();
    }
    if (response.status === 403 && !isRepeated && (await renewToken())) {
      return await send(action, text, basedOn, true);
    }
  } catch {
    return { reason: "offline" };
  }
  return { reason: "fault" };
}

// One note

const lengthOf = (text) => [...text].length; // as the server counts: a flower is one
const inFigures = (number) => new Intl.NumberFormat(document.documentElement.lang).format(number);
const part = (form, name) => form.querySelector(`[data-note-${name}]`);

// Adds what only this module uses: the count of characters, and the way back from an empty note.
function complete(form) {
  const parts = document.querySelector("[data-note-parts]").content.cloneNode(true);
  part(form, "status").before(parts.querySelector("[data-note-count]"));
  if (!part(form, "undo")) {
    const save = form.querySelector("button[type='submit']");
    const undo = parts.querySelector("[data-note-undo]");
    undo.append(save.querySelector(".visually-hidden").cloneNode(true));
    save.after(undo);
  }
}

class Note {
  constructor(field) {
    this.field = field;
    this.form = field.form;
    complete(this.form);
    this.basedOn = field.form.elements.based_on;
    this.status = part(this.form, "status");
    this.undo = part(this.form, "undo");
    this.notice = part(this.form, "kept");
    // What was typed before signing in anew is not saved, though the server has it.
    this.saved = this.notice ? null : field.defaultValue;
    this.isKept = true;
    this.tries = 0;
    this.waits = null; // the save that is under way
    this.conflict = null; // the box that shows the other text
    part(this.form, "hint").textContent = words("hint");
    this.count();
    field.addEventListener("input", () => this.typed());
    field.addEventListener("blur", () => this.isDirty && this.saveIn(AFTER_A_PRESS));
  }

  get isDirty() {
    return this.field.value !== this.saved;
  }

  get isTooLong() {
    return lengthOf(this.field.value) > most;
  }

  typed() {
    this.tell("");
    this.count();
    this.keep();
    this.undo.hidden ||= this.field.value !== "";
    this.saveIn(PAUSE);
  }

  keep() {
    if (this.isDirty) {
      const page = `${location.pathname}${location.search}#${this.field.id}`;
      this.isKept = keep(this.form.action, this.field.value, this.basedOn.value, page);
    } else {
      forget(keyOf(this.form.action));
    }
  }

  count() {
    const left = most - lengthOf(this.field.value);
    const count = part(this.form, "count");
    count.hidden = left > NEAR_THE_END;
    count.textContent = words(left < 0 ? "over" : "left").replace("{count}", inFigures(Math.abs(left)));
    if (left < 0) {
      this.field.setAttribute("aria-invalid", "true");
    } else {
      this.field.removeAttribute("aria-invalid");
    }
  }

  saveIn(time) {
    clearTimeout(this.timer);
    this.timer = setTimeout(() => this.save(), time);
  }

  tell(text, isFault = false, link = null) {
    if (this.status.textContent !== text || link) {
      this.status.textContent = text;
    }
    if (link) {
      this.status.append(" ", link);
    }
    this.status.classList.toggle("notice", isFault);
    this.status.classList.toggle("notice-care", isFault);
  }

  // Returns whether all that is typed is saved.
  async save() {
    clearTimeout(this.timer);
    if (this.waits) {
      await this.waits;
      return this.save();
    }
    if (!this.isDirty) {
      return true;
    }
    if (this.conflict) {
      return false;
    }
    if (this.isTooLong) {
      this.tell(words("tooLong"), true);
      return false;
    }
    this.keep();
    const text = this.field.value;
    const slow = setTimeout(() => this.tell(words("saving")), SLOW);
    this.waits = send(this.form.action, text, this.basedOn.value);
    const answer = await this.waits;
    this.waits = null;
    clearTimeout(slow);
    if (answer.saved) {
      this.took(text, answer);
    } else if ("note" in answer) {
      this.show(answer);
    } else {
      this.failed(answer);
    }
    return Boolean(answer.saved) && !this.isDirty;
  }

  took(text, { number, is_empty: isEmpty }) {
    const was = this.saved;
    // Spaces alone are no note, and the server keeps none.
    this.saved = text;
    this.basedOn.value = number;
    this.tries = 0;
    this.keep();
    this.undo.hidden = !isEmpty || (this.undo.hidden && !was);
    this.notice?.remove();
    this.notice = null;
    dropLink(this.field.id);
    if (this.isDirty) {
      this.saveIn(PAUSE);
    } else {
      this.tell(words(isEmpty ? "emptied" : "saved"));
    }
  }

  failed({ reason, url }) {
    this.reason = reason;
    if (reason === "offline" || reason === "fault") {
      const place = Math.min(this.tries, TRY_AGAIN_AFTER.length - 1);
      this.tries += 1;
      this.saveIn(TRY_AGAIN_AFTER[place]);
      this.tell(words(this.isKept ? reason : "pageOnly"), true);
      return;
    }
    let link = null;
    if (reason === "signed_out") {
      link = document.createElement("a");
      link.href = url;
      link.textContent = words("signIn");
    }
    const name = { signed_out: "signedOut", too_long: "tooLong", gone: "gone", sealed: "sealed" }[reason];
    this.tell(words(name), true, link);
  }

  show({ note, number }) {
    this.tell(words("conflict"), true);
    this.conflict = document.querySelector("[data-note-conflict]").content.firstElementChild.cloneNode(true);
    const other = this.conflict.querySelector("textarea");
    other.value = note;
    other.id = `${this.field.id}-other`;
    this.conflict.querySelector("label").htmlFor = other.id;
    for (const button of this.conflict.querySelectorAll("[data-keep]")) {
      button.addEventListener("click", () => this.choose(button.dataset.keep, note, number));
    }
    this.form.querySelector(".field").after(this.conflict);
  }

  choose(what, note, number) {
    const mine = this.field.value;
    this.field.value = { mine, theirs: note, both: `${note}\n\n${mine}` }[what];
    this.basedOn.value = number;
    this.saved = note;
    this.conflict.remove();
    this.conflict = null;
    this.count();
    this.keep();
    this.field.focus();
    if (this.isDirty) {
      this.save();
    } else {
      this.tell(words("saved"));
    }
  }

  // What was typed earlier and never reached the server.
  takeUp(entry) {
    this.field.value = entry.text;
    this.basedOn.value = entry.basedOn;
    this.unfold();
    this.count();
    return this.save();
  }

  unfold() {
    const folded = this.field.closest("details");
    if (folded) {
      folded.open = true;
    }
  }

  bringIntoView() {
    this.unfold();
    this.field.focus({ preventScroll: true });
    this.status.scrollIntoView({ block: "center" });
  }
}

const notes = [...document.querySelectorAll("textarea[data-note]")].map((field) => new Note(field));
const dirty = () => notes.filter((note) => note.isDirty || note.waits);

// The list at the top of notes that were kept while somebody was signed out.
function dropLink(id) {
  const box = document.querySelector("[data-kept-notes]");
  box?.querySelector(`[data-kept-note="${id.replace("note-", "")}"]`)?.remove();
  if (box && !box.querySelector("[data-kept-note]")) {
    box.remove();
  }
}

// What an earlier page could not send

function showWaiting(entry, isGone) {
  const box = document.querySelector("[data-note-waiting]").content.firstElementChild.cloneNode(true);
  const field = box.querySelector("textarea");
  field.value = entry.text;
  field.id = `waiting-${entry.writer}`;
  box.querySelector("label").htmlFor = field.id;
  box.querySelector("[data-waiting-words]").textContent = words(isGone ? "waitingGone" : "waiting");
  const link = box.querySelector("a");
  if (isGone || !/^\/(?![/\\])/.test(entry.page)) {
    link.remove();
  } else {
    link.href = entry.page;
  }
  box.querySelector("button").addEventListener("click", () => {
    forget(entry.key);
    box.remove();
  });
  document.querySelector("h1").after(box);
}

const shown = new Set();

// What somebody else typed in the forms of a sheet (typed.js) is not for this member's device.
function forgetStrangers() {
  try {
    for (const key of Object.keys(shelf()).filter((name) => name.startsWith("waymark.typed."))) {
      if (JSON.parse(shelf().getItem(key))?.owner !== owner) {
        shelf().removeItem(key);
      }
    }
  } catch {
    // Nothing can be stored here, so nothing was.
  }
}

async function takeUpWhatWaits() {
  forgetStrangers();
  const open = await openPages();
  for (const entry of kept()) {
    const isStrange = entry.owner !== owner || !(Date.now() - entry.at < KEPT_FOR) || typeof entry.text !== "string";
    if (isStrange) {
      forget(entry.key);
      continue;
    }
    if (entry.writer === here || open.has(lockOf(entry.writer)) || shown.has(entry.key)) {
      continue;
    }
    const note = notes.find(({ form }) => new URL(form.action).pathname === entry.action);
    if (note && note.saved === entry.text) {
      forget(entry.key);
    } else if (note && (!note.isDirty || note.notice)) {
      await note.takeUp(entry);
      forget(entry.key); // It is under the name of this page now, or saved.
    } else if (!note) {
      const answer = await send(entry.action, entry.text, entry.basedOn);
      if (answer.saved) {
        forget(entry.key);
      } else if (answer.reason !== "offline" && answer.reason !== "fault") {
        shown.add(entry.key);
        showWaiting(entry, answer.reason === "gone");
      }
    }
  }
  // What was typed before signing in anew.
  for (const note of notes) {
    if (note.notice) {
      await note.save();
    }
  }
}

// Leaving

const saveAll = (some) => Promise.all(some.map((note) => note.save()));
const tooLate = () => new Promise((resolve) => setTimeout(resolve, BEFORE_LEAVING));

let isSaving = false;
let sent = null; // the form with which the page is being left

async function saveOwn(note) {
  const { form } = note;
  if (!(await note.save()) && !note.conflict && ["signed_out", "gone", "sealed"].includes(note.reason)) {
    // The page that answers says what to do, and shows the words.
    sent = form;
    form.submit();
  }
}

document.addEventListener("submit", async (event) => {
  const { target: form, submitter } = event;
  const own = notes.find((note) => note.form === form);
  if (isSaving) {
    event.preventDefault();
    return;
  }
  if (own && submitter !== own.undo) {
    event.preventDefault();
    if (own.isDirty || own.waits) {
      saveAll(dirty().filter((note) => note !== own));
      saveOwn(own);
    } else {
      own.tell("");
      setTimeout(() => own.tell(words("saved")), 50);
    }
    return;
  }
  const unsaved = dirty();
  if (!unsaved.length) {
    sent = form;
    return;
  }
  event.preventDefault();
  isSaving = true;
  await saveAll(unsaved);
  isSaving = false;
  const failed = unsaved.find((note) => note.isDirty);
  if (failed) {
    failed.tell(words("unsaved"), true);
    failed.bringIntoView();
    return;
  }
  form.requestSubmit(submitter);
});

// A link is followed when what was typed has gone out; the save would else not be heard of.
document.addEventListener("click", async (event) => {
  const link = event.target.closest?.("a[href]");
  const isPlain = event.button === 0 && !event.ctrlKey && !event.metaKey && !event.shiftKey && !event.altKey;
  const isElsewhere = link && link.origin === location.origin && !link.target && !link.getAttribute("href").startsWith("#");
  if (!isPlain || !isElsewhere || event.defaultPrevented || !dirty().length) {
    return;
  }
  event.preventDefault();
  await Promise.race([saveAll(dirty()), tooLate()]);
  location.assign(link.href);
});

// Another address, closing the tab: asked about only where nothing else would keep the words.
window.addEventListener("beforeunload", (event) => {
  if (dirty().some((note) => note.isDirty && note.form !== sent && (isShared || !note.isKept))) {
    event.preventDefault();
    event.returnValue = true; // for browsers before 2024
  }
});

document.addEventListener("visibilitychange", () => {
  saveAll(notes.filter((note) => note.isDirty && !note.waits));
  if (document.visibilityState === "visible") {
    takeUpWhatWaits();
  }
});
window.addEventListener("pagehide", () => saveAll(notes.filter((note) => note.isDirty && !note.waits)));
window.addEventListener("online", () => saveAll(dirty()).then(takeUpWhatWaits));
window.addEventListener("pageshow", () => {
  sent = null;
});

takeUpWhatWaits();
// The page before this one may have held its lock a moment longer.
setTimeout(takeUpWhatWaits, 2_000);
