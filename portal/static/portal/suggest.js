// Offers titles while somebody types. The options are the browser's own, so they work with a
// keyboard and a screen reader as people know them; without this script nothing is missing.
const PAUSE = 200; // milliseconds without a key, before the server is asked
for (const field of document.querySelectorAll('input[data-suggest]')) {
  const list = document.getElementById(field.getAttribute('list'));
  let waiting;
  let asked = '';
  field.addEventListener('input', () => {
    clearTimeout(waiting);
    waiting = setTimeout(async () => {
      const typed = field.value.trim();
      if (typed === asked || typed.length < 2) return;
      asked = typed;
      try {
        const address = new URL(field.dataset.suggest, location.href);
        address.searchParams.set('q', typed);
        const answer = await fetch(address, { credentials: 'same-origin' });
        if (answer.ok && typed === asked) list.innerHTML = await answer.text();
      } catch {
        // Without a connection there is nothing to offer, and the search will say so.
      }
    }, PAUSE);
  });
}
