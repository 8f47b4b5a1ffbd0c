// Reads a page aloud, by a voice of the device alone: nothing of the page is sent anywhere, and
// nothing is kept. Only what is shown can be read, since what is covered is not in the page.
//
// It speaks sentence by sentence. A pause forgets the rest of a sentence and begins it again, since
// some browsers cannot hold a voice.

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

let player;
let button;
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
    button.focus();
  }
}

export function start(pressed, where) {
  if (!player) {
    player = where;
    button = pressed;
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
    window.addEventListener("pagehide", hush);
  }
  const language = document.documentElement.lang;
  parts = [...document.querySelectorAll(WHAT)]
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
