// Asks whether somebody is still there before they are signed out, and says so when they were.
//
// A key or a press counts as being there. The server decides when a session is over, since another
// tab may have gone on with it: it is asked before anything is shown.

const notice = document.querySelector("[data-session]");
const { url, wordsSoon, wordsLast, wordsStays, wordsFailed, wordsOver } = notice.dataset;
const status = notice.querySelector("[data-session-status]");
const stay = notice.querySelector("[data-session-stay]");
const out = notice.querySelector("[data-session-out]");

const isShared = "shared" in notice.dataset;
const WARN_BEFORE = 180_000; // ms; timers of a tab in the background can be a minute late
const LOOK_EVERY = 5_000; // ms
// On a shared computer the page leaves by itself, and what is typed is saved before that.
const EARLY = isShared ? 10_000 : 0; // ms
const IDLE = Number(notice.dataset.idle) * 1000; // ms
const NOTE_AFTER = Math.min(IDLE / 6, 3_600_000); // ms

let ends = Date.now() + IDLE; // until the server has said so
let noted = Date.now();
let token = "";
let isAsked = false;
let isAsking = false;

const left = () => ends - EARLY - Date.now();

// Returns whether the server answered.
async function ask(method) {
  isAsking = true;
  try {
    const response = await fetch(url, {
      method,
      body: method === "POST" ? new URLSearchParams({ csrfmiddlewaretoken: token }) : undefined,
      headers: { Accept: "application/json" },
      cache: "no-store",
    });
    if (!response.ok) {
      return false;
    }
    const answer = await response.json();
    ends = Date.now() + answer.seconds * 1000;
    token = answer.token;
    isAsked = true;
    return true;
  } catch {
    return false;
  } finally {
    isAsking = false;
  }
}

function say(text) {
  notice.hidden = false;
  if (status.textContent !== text) {
    status.textContent = text;
  }
}

function end() {
  clearInterval(timer);
  if (isShared && token) {
    out.requestSubmit();
    return;
  }
  stay.hidden = true;
  out.hidden = true;
  say(wordsOver);
}

async function look() {
  if (isAsking) {
    return;
  }
  if (!isAsked) {
    await ask("GET");
  }
  if (left() > WARN_BEFORE) {
    // Not while the button that was pressed has the focus.
    notice.hidden ||= !notice.contains(document.activeElement);
    return;
  }
  if (notice.hidden || left() <= 0) {
    await ask("GET");
  }
  if (left() <= 0) {
    end();
  } else if (left() <= WARN_BEFORE && (notice.hidden || status.textContent === wordsStays)) {
    say(wordsSoon);
  }
}

async function goOn() {
  const before = ends;
  noted = Date.now();
  if (!(await ask("POST"))) {
    say(wordsFailed);
  } else if (left() > WARN_BEFORE) {
    say(wordsStays);
  } else {
    // Nothing moves the limit of the whole.
    say(ends - before < LOOK_EVERY ? wordsLast : wordsSoon);
  }
}

stay.addEventListener("click", goOn);
out.addEventListener("submit", () => {
  out.elements.csrfmiddlewaretoken.value = token;
});

function isThere() {
  if (isAsked && Date.now() - noted > NOTE_AFTER && left() > 0 && !isAsking) {
    noted = Date.now();
    ask("POST");
  }
}

for (const kind of ["input", "keydown", "pointerdown"]) {
  document.addEventListener(kind, isThere, { passive: true });
}
// A page that the browser kept must not come back after signing out.
window.addEventListener("pageshow", (event) => {
  if (event.persisted) {
    location.reload();
  }
});
const timer = setInterval(look, LOOK_EVERY);
