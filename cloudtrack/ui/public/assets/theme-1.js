// The chosen theme, before anything is painted. Its name has a number, for it is cached for ever: a change needs a new one.
try {
  const settings = JSON.parse(localStorage.getItem("cloudtrack.settings") || "{}");
  if (settings.theme && settings.theme !== "auto") document.documentElement.dataset.theme = settings.theme;
  if (settings.density === "compact") document.documentElement.dataset.density = "compact";
} catch {
  // no storage here: the system's theme
}
