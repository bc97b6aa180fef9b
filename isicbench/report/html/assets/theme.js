// The switch between a light page and a dark one; without it the page follows the system.

function followTheme(button) {
  const system = matchMedia("(prefers-color-scheme: dark)");
  const root = document.documentElement;
  const isDark = () => (root.dataset.theme ? root.dataset.theme === "dark" : system.matches);
  const show = () => button.setAttribute("aria-pressed", String(isDark()));
  const kept = remembered();
  if (kept === "dark" || kept === "light") root.dataset.theme = kept;
  button.hidden = false;
  button.addEventListener("click", () => {
    root.dataset.theme = isDark() ? "light" : "dark";
    remember(root.dataset.theme);
    show();
  });
  system.addEventListener("change", show);
  show();
}

// A page opened from a file may be denied storage; then the choice lasts as long as the page.
function remembered() {
  try { return localStorage.getItem("isicbench-theme"); } catch { return null; }
}

function remember(theme) {
  try { localStorage.setItem("isicbench-theme", theme); } catch { /* lasts as long as the page */ }
}

followTheme(document.getElementById("theme"));
