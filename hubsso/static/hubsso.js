/* Progressive enhancement only: every page works without this file.
 *
 *   data-copy-target="id"    copies that element's value or text and says so; the button starts `hidden`
 *   data-confirm="question"  on a form or a submit button: asks before it is sent
 *   data-leave-warning="id"  warns before leaving until the checkbox with that id is ticked
 *   data-takes-time          on a form that asks another server: its pressed button says that it is at work
 *   data-select-on-focus     selects the field's whole text when it is focused
 *   data-check-all="name"    ticks every checkbox of that name in its form; shown by CSS where scripts run
 *   data-print               prints the page; the button starts `hidden`
 *   details.menu             closes by Escape, by a click outside and when another menu opens
 *   .prose table, .prose pre can be reached by Tab while wider than its place, to be scrolled by arrow keys
 *
 * The browser's time zone goes into a cookie, since no header says it: times are then shown in it.
 */
(function () {
  "use strict";

  function tellTimeZone() {
    const zone = Intl.DateTimeFormat().resolvedOptions().timeZone || "";
    const told = "hubsso_zone=" + zone;
    if (!/^[\w+/-]+$/.test(zone) || document.cookie.split("; ").includes(told)) return;
    const secure = location.protocol === "https:" ? "; secure" : "";
    document.cookie = told + "; path=/; max-age=31536000; samesite=lax" + secure;
  }

  function each(selector, act) {
    document.querySelectorAll(selector).forEach(act);
  }

  /* The region holds what scripts say, in the reader's language: `data-copied`, and so on. */
  function said(name) {
    const region = document.getElementById("announcements");
    return region ? region.dataset[name] : "";
  }

  function announce(name) {
    const region = document.getElementById("announcements");
    if (region) region.textContent = said(name);
  }

  async function copy(button) {
    const source = document.getElementById(button.dataset.copyTarget);
    await navigator.clipboard.writeText("value" in source ? source.value : source.textContent.trim());
    const label = button.querySelector("[data-copy-label]");
    const before = label.textContent;
    label.textContent = said("copied");
    announce("copiedAloud");
    window.setTimeout(function () { label.textContent = before; }, 2000);
  }

  function closeMenus(except) {
    each("details.menu[open]", function (menu) {
      if (menu !== except) menu.open = false;
    });
  }

  const scrollers = new ResizeObserver(function (entries) {
    entries.forEach(function ({ target }) {
      if (target.scrollWidth > target.clientWidth) target.tabIndex = 0;
      else target.removeAttribute("tabindex");
    });
  });

  function setUp() {
    tellTimeZone();
    each(".prose table, .prose pre", function (element) { scrollers.observe(element); });
    each("[data-copy-target]", function (button) {
      button.hidden = !navigator.clipboard; // absent on plain http: the value can still be selected
    });
    each("[data-print]", function (button) { button.hidden = false; });
    each("[data-leave-warning]", function (element) {
      const saved = document.getElementById(element.dataset.leaveWarning);
      window.addEventListener("beforeunload", function (event) {
        if (saved && !saved.checked) event.preventDefault();
      });
    });
  }

  document.addEventListener("click", function (event) {
    const button = event.target.closest("[data-copy-target], [data-print]");
    if (button && button.dataset.copyTarget) copy(button).catch(function () { announce("copyRefused"); });
    else if (button) window.print();
    closeMenus(event.target.closest("details.menu"));
  });

  document.addEventListener("submit", function (event) {
    const asks = [event.submitter, event.target].find(function (element) { return element && element.dataset.confirm; });
    if (asks && !window.confirm(asks.dataset.confirm)) event.preventDefault();
    if (event.defaultPrevented || !event.submitter || !("takesTime" in event.target.dataset)) return;
    event.submitter.setAttribute("aria-busy", "true");
    announce("working");
  });

  window.addEventListener("pageshow", function () { // back from the answer: nothing is at work any more
    each(".btn[aria-busy]", function (button) { if (button.form) button.removeAttribute("aria-busy"); });
  });

  document.addEventListener("change", function (event) {
    const name = event.target.dataset.checkAll;
    if (name) each(`input[type="checkbox"][name="${name}"]`, function (box) { box.checked = event.target.checked; });
  });

  document.addEventListener("focusin", function (event) {
    if (event.target.matches("[data-select-on-focus]")) event.target.select();
  });

  document.addEventListener("keydown", function (event) {
    if (event.key !== "Escape") return;
    const menu = document.querySelector("details.menu[open]");
    closeMenus(null);
    if (menu) menu.querySelector("summary").focus();
  });

  if (document.readyState === "loading") document.addEventListener("DOMContentLoaded", setUp);
  else setUp();
})();
