/* The chosen theme, applied before the first paint: loaded in <head> and not deferred, for that reason alone.
 *
 * The dark values live in one stylesheet (hubsso-dark.css) whose `media` decides: the system's preference unless
 * the person chose otherwise. Without JavaScript the system's preference stands.
 */
(function () {
  "use strict";
  const KEY = "hubsso-theme";
  const MEDIA = { dark: "all", light: "not all", system: "(prefers-color-scheme: dark)" };
  const system = window.matchMedia(MEDIA.system);

  function stored() {
    try {
      return window.localStorage.getItem(KEY);
    } catch {
      return null; // storage is switched off: the choice lasts for this page
    }
  }

  function store(choice) {
    try {
      if (choice === "system") window.localStorage.removeItem(KEY);
      else window.localStorage.setItem(KEY, choice);
    } catch {
      /* see above */
    }
  }

  let choice = MEDIA[stored()] ? stored() : "system";

  function isDark() {
    return choice === "system" ? system.matches : choice === "dark";
  }

  function apply() {
    document.getElementById("dark-theme").media = MEDIA[choice];
  }

  function label(button) {
    button.setAttribute("aria-label", isDark() ? button.dataset.toLight : button.dataset.toDark);
    button.querySelector("[data-theme-icon=light]").hidden = isDark();
    button.querySelector("[data-theme-icon=dark]").hidden = !isDark();
    button.hidden = false;
  }

  apply();
  document.addEventListener("DOMContentLoaded", function () {
    const button = document.querySelector("[data-theme-toggle]");
    if (!button) return;
    label(button);
    system.addEventListener("change", function () { label(button); });
    button.addEventListener("click", function () {
      const wanted = isDark() ? "light" : "dark";
      choice = (wanted === "dark") === system.matches ? "system" : wanted;
      store(choice);
      apply();
      label(button);
    });
  });
})();
