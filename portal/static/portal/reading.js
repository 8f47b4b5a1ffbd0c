// Comforts of reading on the page of a topic or a fact. All of it works without this module: a
// medical word is a link to the glossary, the page's address is a link, and a screen reader or the
// browser reads aloud.

// Medical words, explained where they stand

const POP_OVER = "popover" in HTMLElement.prototype;
const words = document.querySelector("[data-reading]").dataset;
const main = document.querySelector("main");
let note = null;
let opener = null;

function make(name, props = {}, ...children) {
  const element = Object.assign(document.createElement(name), props);
  element.append(...children);
  return element;
}

const explanationOf = (link) => document.querySelector(`[data-term="${CSS.escape(decodeURIComponent(link.hash.slice(1)))}"]`);

function noteFor(link) {
  const term = explanationOf(link);
  note ??= make("div", { className: "term-note", id: "term-note", popover: "auto", tabIndex: -1 });
  note.setAttribute("role", "dialog");
  note.setAttribute("aria-labelledby", "term-note-title");
  note.setAttribute("aria-describedby", "term-note-text");
  const text = term.querySelector("dd").cloneNode(true);
  const close = make("button", { type: "button", className: "button button-secondary", textContent: words.wordsClose });
  close.addEventListener("click", () => note.hidePopover());
  note.replaceChildren(
    make("p", { className: "kicker", id: "term-note-title", textContent: term.querySelector("dt").textContent.trim() }),
    make("p", { id: "term-note-text" }, ...text.childNodes),
    make("div", { className: "actions" }, close, make("a", { href: link.href, textContent: words.wordsMore })),
  );
  return note;
}

// Under the line on which the word stands: never over the word, nor over what led to it.
function place(link) {
  const lines = [...link.getClientRects()];
  const last = lines[lines.length - 1];
  const gap = 8;
  const room = document.documentElement.clientWidth - note.offsetWidth - gap;
  note.style.top = `${last.bottom + gap + scrollY}px`;
  note.style.left = `${Math.max(gap, Math.min(last.left, room)) + scrollX}px`;
  note.scrollIntoView({ block: "nearest" });
}

function openNote(event) {
  const link = event.currentTarget;
  const isPlain = event.button === 0 && !event.ctrlKey && !event.metaKey && !event.shiftKey && !event.altKey;
  if (!isPlain) {
    return;
  }
  event.preventDefault();
  const isOpen = note?.matches(":popover-open") && opener === link;
  if (isOpen) {
    note.hidePopover();
    return;
  }
  noteFor(link);
  if (!note.isConnected) {
    main.append(note);
    note.addEventListener("toggle", (toggled) => {
      if (toggled.newState === "closed") {
        opener.setAttribute("aria-expanded", "false");
        if (note.contains(document.activeElement)) {
          opener.focus();
        }
      }
    });
    note.addEventListener("keydown", leaveByTab);
  } else if (note.matches(":popover-open")) {
    note.hidePopover();
  }
  opener?.setAttribute("aria-expanded", "false");
  opener = link;
  note.showPopover();
  place(link);
  link.setAttribute("aria-expanded", "true");
  note.focus({ preventScroll: true });
}

// The note stands at the end of the page: whoever leaves it goes back to the word.
function leaveByTab(event) {
  const stops = [...note.querySelectorAll("a, button")];
  const edge = event.shiftKey ? [note, stops[0]] : [stops[stops.length - 1]];
  if (event.key === "Tab" && edge.includes(document.activeElement)) {
    event.preventDefault();
    note.hidePopover();
    opener.focus();
  }
}

if (POP_OVER) {
  for (const link of main.querySelectorAll(':is(.prose, .short-version) a[href*="/glossary/#"]')) {
    if (explanationOf(link)) {
      link.setAttribute("aria-haspopup", "dialog");
      link.setAttribute("aria-expanded", "false");
      link.addEventListener("click", openNote);
    }
  }
}

// The page's address, copied

const copy = document.querySelector("[data-copy-link]");
const told = document.querySelector("[data-reading-status]");

function tell(text) {
  told.textContent = "";
  setTimeout(() => {
    told.textContent = text;
  }, 50);
}

if (copy && navigator.clipboard) {
  const button = make("button", { type: "button", className: "link-button", textContent: words.wordsCopy });
  button.addEventListener("click", async () => {
    try {
      await navigator.clipboard.writeText(copy.href);
      tell(words.wordsCopied);
    } catch {
      button.replaceWith(copy);
      copy.focus();
      tell(words.wordsNotCopied);
    }
  });
  copy.replaceWith(button);
}

// Reading aloud: offered only where a voice of the device itself speaks the page's language

const speak = document.querySelector("[data-read-aloud]");

function offer() {
  const language = document.documentElement.lang.split("-")[0].toLowerCase();
  const voices = speechSynthesis.getVoices().filter((voice) => voice.localService);
  speak.hidden = !voices.some((voice) => voice.lang.split(/[-_]/)[0].toLowerCase() === language);
}

if (speak && "speechSynthesis" in window) {
  offer();
  speechSynthesis.addEventListener?.("voiceschanged", offer);
  speak.addEventListener("click", async () => {
    const { start } = await import(speak.dataset.readAloud);
    start(speak, document.querySelector("[data-player]"));
  });
}
