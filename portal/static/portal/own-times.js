// When meetings begin, by the clock of this device, for readers who have chosen no time zone.
//
// A public page is the same for everybody, so it tells times by each group's clock. Which zone the
// device is in is asked here and sent nowhere. Without this module the link beside the times leads
// to the choice of a zone.

const { wordsOwn, wordsTold, wordsChange } = document.querySelector("[data-own-times]").dataset;
const { lang } = document.documentElement;
const FAR_AWAY = 180 * 24 * 3600 * 1000; // ms; as when_in_words() has it

const partsOf = (moment, options) =>
  Object.fromEntries(new Intl.DateTimeFormat(lang, options).formatToParts(moment).map(({ type, value }) => [type, value]));

// As the pages write a day: "Sunday 29 November".
function dayOf(moment) {
  const { weekday, day, month, year } = partsOf(moment, { weekday: "long", day: "numeric", month: "long", year: "numeric" });
  const isFarAway = Math.abs(moment - Date.now()) > FAR_AWAY;
  return [weekday, day, month, ...(isFarAway ? [year] : [])].join(" ");
}

// As the pages write a time in English: "6:30 p.m.", "noon"; in other languages as is usual there.
function clockOf(moment) {
  if (!lang.startsWith("en")) {
    return moment.toLocaleTimeString(lang, { timeStyle: "short" });
  }
  const [hour, minute] = [moment.getHours(), moment.getMinutes()];
  if (minute === 0 && hour % 12 === 0) {
    return hour ? "noon" : "midnight";
  }
  const past = minute ? `:${String(minute).padStart(2, "0")}` : "";
  return `${hour % 12 || 12}${past}\u00a0${hour < 12 ? "a.m." : "p.m."}`;
}

// Returns whether the clock of the group is another.
function tell(time) {
  const moment = new Date(time.dateTime);
  const day = dayOf(moment);
  const clock = clockOf(moment);
  const theirs = time.textContent;
  if (theirs.startsWith(`${day}, ${clock} `)) {
    return false;
  }
  time.textContent = wordsOwn.replace("{day}", day).replace("{time}", clock);
  const there = time.parentElement.querySelector("[data-there]");
  if (there) {
    there.textContent = `${theirs.startsWith(`${day}, `) ? theirs.slice(day.length + 2) : theirs} · `;
  }
  return true;
}

const isOther = [...document.querySelectorAll("time[data-theirs]")].map(tell).some(Boolean);
if (isOther) {
  for (const told of document.querySelectorAll("[data-theirs-told]")) {
    told.querySelector("span").textContent = wordsTold;
    told.querySelector("a").textContent = wordsChange;
  }
}
