// What is said beside the button of a passkey if nothing comes of pressing it.
//
// allauth's script shows nothing then; it tells of an error by an event, which ends here. To close
// the device's dialog is no error of anybody's.

const status = document.querySelector("[data-passkey]");
const WORDS = {
  AbortError: "stopped",
  InvalidStateError: "known",
  NotAllowedError: "stopped",
  NotSupportedError: "impossible",
  SecurityError: "impossible",
};
let pressed = null;

function forget(event) {
  pressed = event.target.closest("button.needs-script") ?? pressed;
  status.hidden = true;
}

// On the way down: what is refused at once is told before the press has come up again.
document.addEventListener("click", forget, { capture: true });

document.addEventListener("allauth.error", (event) => {
  event.preventDefault();
  const { exception } = event.detail;
  const has = "PublicKeyCredential" in window;
  const words = has ? (WORDS[exception.name] ?? "failed") : "impossible";
  pressed?.closest(".actions").after(status);
  status.textContent = status.dataset[words];
  status.hidden = false;
});
