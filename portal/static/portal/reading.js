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

// Reading aloud, by a voice of the device alone: nothing of the page is sent anywhere, and nothing is
// kept. Only what is shown can be read, since what is covered is not in the page.
//
// It speaks sentence by sentence. A pause forgets the rest of a sentence and begins it again, since
// some browsers cannot hold a voice. It begins within the press, since some phones let a page speak
// only then.

const WHAT = [
  "main h1",
  "main .lead",
  "main .introduction :is(p, li, h3)",
  ".fact h2:not(.visually-hidden)",
  ".fact .call-now > :is(h2, h3, p:not(.meta))",
  ".fact .short-version p:not(.kicker)",
  ".fact .prose :is(p, li, h3)",
  ".fact .gentle-cover > p",
].join(", ");
const isCalm = matchMedia("(prefers-reduced-motion: reduce)");

const player = document.querySelector("[data-player]");
const speak = document.querySelector("[data-read-aloud]");
let parts = []; // of the page: {element, sentences, fact}
let at = 0;
let sentence = 0;
let rate = 1; // kept while the page is open, and nowhere else
let isOn = false;
let turn = 0; // which speaking this is; what an earlier one still has to say does not count
let spoken = null; // browsers forget an utterance that nobody holds

function textOf(element) {
  const copy = element.cloneNode(true);
  for (const hidden of copy.querySelectorAll(".visually-hidden, .no-print, [hidden], ul, ol")) {
    hidden.remove();
  }
  return copy.textContent.replace(/\s+/g, " ").trim();
}

function sentencesOf(text, language) {
  if (!("Segmenter" in Intl)) {
    return [text];
  }
  const pieces = new Intl.Segmenter(language, { granularity: "sentence" }).segment(text);
  return [...pieces].map((piece) => piece.segment.trim()).filter(Boolean);
}

function voiceFor(language) {
  const own = (voice) => voice.lang.split(/[-_]/)[0].toLowerCase() === language.split("-")[0].toLowerCase();
  const voices = speechSynthesis.getVoices().filter((voice) => voice.localService && own(voice));
  return voices.find((voice) => voice.default) || voices[0];
}

function mark(element) {
  for (const marked of document.querySelectorAll(".is-spoken")) {
    marked.classList.remove("is-spoken");
  }
  if (!element || isCalm.matches) {
    return;
  }
  element.classList.add("is-spoken");
  const box = element.getBoundingClientRect();
  if (box.top < 0 || box.bottom > innerHeight - player.offsetHeight) {
    element.scrollIntoView({ block: "center" });
  }
}

function say() {
  turn += 1;
  speechSynthesis.cancel();
  const part = parts[at];
  const voice = voiceFor(document.documentElement.lang);
  if (!part || !voice) {
    stop();
    return;
  }
  const mine = turn;
  spoken = new SpeechSynthesisUtterance(part.sentences[sentence]);
  spoken.voice = voice;
  spoken.lang = voice.lang;
  spoken.rate = rate;
  spoken.onend = () => {
    if (mine === turn && isOn) {
      sentence += 1;
      if (sentence >= part.sentences.length) {
        at += 1;
        sentence = 0;
      }
      say();
    }
  };
  spoken.onerror = () => {
    if (mine === turn && isOn) {
      stop();
    }
  };
  mark(part.element);
  speechSynthesis.speak(spoken);
}

function hush() {
  turn += 1;
  speechSynthesis.cancel();
}

function show() {
  const pause = player.querySelector("[data-pause]");
  pause.textContent = isOn ? pause.dataset.wordsPause : pause.dataset.wordsGoOn;
}

function pauseOrGoOn() {
  isOn = !isOn;
  if (isOn) {
    say();
  } else {
    hush();
  }
  show();
}

// To the next fact of the page, or to the end.
function skip() {
  const { fact } = parts[at];
  while (parts[at]?.fact === fact) {
    at += 1;
  }
  sentence = 0;
  if (!parts[at]) {
    stop();
    return;
  }
  isOn = true;
  show();
  say();
}

function stop() {
  isOn = false;
  hush();
  mark(null);
  const hadFocus = player.contains(document.activeElement);
  player.hidden = true;
  if (hadFocus) {
    speak.focus();
  }
}

function start() {
  const language = document.documentElement.lang;
  parts = [...document.querySelectorAll(WHAT)]
    // An item of a list may hold paragraphs, which are read by themselves.
    .filter((element) => !element.matches("li:has(> p)"))
    .map((element) => ({
      element,
      fact: element.closest("section.fact"),
      sentences: sentencesOf(textOf(element), language),
    }))
    .filter((part) => part.sentences.length);
  player.querySelector("[data-skip]").hidden = new Set(parts.map((part) => part.fact)).size < 2;
  at = 0;
  sentence = 0;
  isOn = true;
  player.hidden = false;
  show();
  player.querySelector("[data-pause]").focus({ preventScroll: true });
  say();
}

if (speak && "speechSynthesis" in window) {
  const offer = () => {
    speak.hidden = !voiceFor(document.documentElement.lang);
  };
  offer();
  speechSynthesis.addEventListener?.("voiceschanged", offer);
  speak.addEventListener("click", start);
  player.querySelector("[data-pause]").addEventListener("click", pauseOrGoOn);
  player.querySelector("[data-skip]").addEventListener("click", skip);
  player.querySelector("[data-stop]").addEventListener("click", stop);
  player.querySelector("select").addEventListener("change", (event) => {
    rate = Number(event.target.value);
    if (isOn) {
      say();
    }
  });
  player.addEventListener("keydown", (event) => {
    if (event.key === "Escape") {
      stop();
    }
  });
  window.addEventListener("pagehide", stop);
}

// Meetings stand far down: what tells them by the reader's clock is read in when they come near.

const ownTimes = document.querySelector("script[data-own-times][data-src]");
const firstTime = document.querySelector("time[data-theirs]");
if (ownTimes && firstTime) {
  const watch = new IntersectionObserver(
    (seen) => {
      if (seen.some(({ isIntersecting }) => isIntersecting)) {
        watch.disconnect();
        import(ownTimes.dataset.src);
      }
    },
    { rootMargin: "200px" },
  );
  watch.observe(firstTime);
}
