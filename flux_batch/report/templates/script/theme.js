// Light or dark: as the system says, until the reader says otherwise.
const systemDark = matchMedia("(prefers-color-scheme: dark)");

function remembered() {
  // A browser may refuse to remember anything for a page from a file.
  try { return localStorage.getItem("flux-batch-theme"); } catch { return null; }
}

function setTheme(theme) {
  if (theme === "light" || theme === "dark") document.documentElement.dataset.theme = theme;
  const dark = (document.documentElement.dataset.theme ?? (systemDark.matches ? "dark" : "light")) === "dark";
  byId("theme").lastElementChild.textContent = dark ? "Light" : "Dark";
  return dark;
}

function setUpTheme() {
  let dark = setTheme(remembered());
  systemDark.addEventListener("change", () => { dark = setTheme(null); });
  byId("theme").addEventListener("click", () => {
    const theme = dark ? "light" : "dark";
    dark = setTheme(theme);
    try { localStorage.setItem("flux-batch-theme", theme); } catch { /* then only for now */ }
  });
}
