// The form of the passkey stands apart from that of the password: what is answered there on whose
// device this is, is taken along.
const taken = document.querySelector("input[data-stay]");
const answers = [...document.querySelectorAll('input[type="radio"][name="stay"]')];

function take() {
  const chosen = answers.find((answer) => answer.checked);
  if (taken && chosen) {
    taken.value = chosen.value;
  }
}

for (const answer of answers) {
  answer.addEventListener("change", take);
}
// Browsers put old answers back without telling, when a page is shown again.
window.addEventListener("pageshow", take);
take();
