// A form came back with errors: bring the summary to the reader, wherever the page opened.
const summary = document.querySelector(".error-summary");
if (summary) {
  summary.focus();
}
