// "Use where I am", beside a place to type: where there is script, and a device that can tell.
//
// The browser is asked when the button is pressed, and asks the reader. What it answers is made
// coarse here, before anything is sent: the server gets the nearest twentieth of a degree, as
// `near=53.8,-1.55`, in the address of the same search. Without this module the button is not there.

const part = document.querySelector("[data-near-me]");
const button = part.querySelector("button");
const status = part.querySelector("[role=status]");
const PER_DEGREE = 20;
const PATIENCE = { enableHighAccuracy: false, timeout: 20_000, maximumAge: 600_000 }; // ms

const coarse = (degrees) => String(Math.round(degrees * PER_DEGREE) / PER_DEGREE + 0);

let isAsking = false;

function tell(words) {
  // The button is not switched off meanwhile: it would lose the focus.
  isAsking = words === "asking";
  status.textContent = words ? status.dataset[words] : "";
}

function go({ coords }) {
  const { form } = button;
  const address = new URL(form.action);
  address.search = new URLSearchParams(new FormData(form));
  address.searchParams.set("near", `${coarse(coords.latitude)},${coarse(coords.longitude)}`);
  tell("");
  location.assign(address);
}

if (window.isSecureContext && navigator.geolocation) {
  button.addEventListener("click", () => {
    if (isAsking) {
      return;
    }
    tell("asking");
    navigator.geolocation.getCurrentPosition(
      go,
      (error) => tell(error.code === error.PERMISSION_DENIED ? "refused" : "failed"),
      PATIENCE,
    );
  });
  part.hidden = false;
}
