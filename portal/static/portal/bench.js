// Brings the bench up to date when typing pauses.
//
// Without this module the bench is that of the page as it came, and a button "Check the text"
// computes it anew. The server looks at what is typed; nothing is saved, and no fault here touches the form.

const bench = document.querySelector("[data-bench]");
const form = bench.closest("form");
const results = bench.querySelector("[data-bench-results]");
const status = bench.querySelector("[data-bench-status]");
const words = bench.dataset;
const PAUSE = 900; // ms without a key
const PATIENCE = 15_000; // ms for an answer

let timer = 0;
let asking = null;
let lastAsked = "";

function typed() {
  const data = new URLSearchParams();
  for (const [name, value] of new FormData(form)) {
    if (typeof value === "string") {
      data.append(name, value);
    }
  }
  return data;
}

function tell(text) {
  if (status.textContent !== text) {
    status.textContent = text;
  }
}

function show(html) {
  const open = [...results.querySelectorAll("details")].map((details) => details.open);
  const fresh = new DOMParser().parseFromString(html, "text/html").body;
  results.replaceChildren(...fresh.childNodes);
  results.querySelectorAll("details").forEach((details, at) => {
    details.open = open[at] ?? false;
  });
  tell(results.querySelector("[data-bench-summary]")?.dataset.benchSummary ?? "");
}

async function ask() {
  asking?.abort();
  asking = null;
  const data = typed();
  if (data.toString() === lastAsked) {
    return;
  }
  const own = new AbortController();
  asking = own;
  const patience = setTimeout(() => own.abort("too late"), PATIENCE);
  try {
    const response = await fetch(words.bench, { method: "POST", body: data, signal: own.signal });
    if (!response.ok || response.redirected) {
      throw new Error("no bench");
    }
    const html = await response.text();
    if (asking === own) {
      lastAsked = data.toString();
      show(html);
    }
  } catch {
    // A newer question has taken this one's place, or the server did not answer: what stands there
    // is older than the text, and it says so.
    if (asking === own) {
      lastAsked = "";
      tell(words.wordsFailed);
    }
  } finally {
    clearTimeout(patience);
  }
}

function wait() {
  clearTimeout(timer);
  timer = setTimeout(ask, PAUSE);
}

lastAsked = typed().toString();
form.addEventListener("input", wait);
form.addEventListener("change", wait);
// It looks by itself from here on.
form.querySelector('[name="_check"]').remove();
