// Experiments switched on and off, in every chart and gallery at once.

const toggles = [...document.querySelectorAll("[data-toggle]")];

function isShown(series) {
  const toggle = toggles.find((button) => button.dataset.toggle === String(series));
  return !toggle || toggle.getAttribute("aria-pressed") === "true";
}

function showSeries(series, shown) {
  for (const toggle of toggles) {
    if (toggle.dataset.toggle === series) toggle.setAttribute("aria-pressed", String(shown));
  }
  for (const drawn of document.querySelectorAll(`[data-series="${series}"]`)) {
    drawn.toggleAttribute("hidden", !shown);
  }
}

for (const toggle of toggles) {
  toggle.addEventListener("click", () => showSeries(toggle.dataset.toggle, !isShown(toggle.dataset.toggle)));
}
for (const button of document.querySelectorAll("[data-all]")) {
  button.addEventListener("click", () => {
    new Set(toggles.map((toggle) => toggle.dataset.toggle)).forEach((series) => showSeries(series, button.dataset.all === "true"));
  });
}
