/* Progressive enhancement only: single sign-on without losing one's place.
 *
 * A URL's fragment (#here) never reaches the server. What leads to a login carries the way back as `next`: the
 * fragment of the page that is left waits in this tab, and is put back when that page is reached again.
 *
 *   data-renew-at="ISO time"  a notice that starts `hidden` and shows then, on a page that stays open
 *   data-renewed="slug"       on the page that a renewal ends on: takes the notice off the organisation's other tabs
 */
(function () {
  "use strict";

  const KEY = "hubsso-way-back";
  const GOOD_FOR_MS = 15 * 60 * 1000;
  const LONGEST_TIMER_MS = 2 ** 31 - 1;

  function pathOf(url) {
    return url.pathname + url.search;
  }

  function remember(next, hash) {
    const target = new URL(next, location.origin);
    if (target.origin !== location.origin) return;
    sessionStorage.setItem(KEY, JSON.stringify({ path: pathOf(target), hash, at: Date.now() }));
  }

  /* A page that was reached with a fragment on the way to a login, such as the sign-in page. */
  function keepOwn() {
    const next = new URLSearchParams(location.search).get("next");
    if (next && location.hash) remember(next, location.hash);
  }

  function keepOnTheWay(link) {
    const url = new URL(link.href, location.href);
    const next = url.origin === location.origin && url.searchParams.get("next");
    if (next && location.hash) remember(next, location.hash);
  }

  function putBack() {
    const kept = JSON.parse(sessionStorage.getItem(KEY) || "null");
    if (!kept || kept.path !== pathOf(location) || document.querySelector("[data-blocked]")) return;
    sessionStorage.removeItem(KEY);
    if (!location.hash && Date.now() - kept.at < GOOD_FOR_MS) location.replace(kept.hash);
  }

  function showWhenDue(notice) {
    const wait = Date.parse(notice.dataset.renewAt) - Date.now();
    if (wait < LONGEST_TIMER_MS) window.setTimeout(function () { notice.hidden = false; }, Math.max(wait, 0));
  }

  function listenForRenewals() {
    const channel = new BroadcastChannel("hubsso-renewed");
    const done = document.querySelector("[data-renewed]");
    if (done) channel.postMessage(done.dataset.renewed);
    channel.addEventListener("message", function (event) {
      document.querySelectorAll("[data-renew-at]").forEach(function (notice) {
        if (notice.dataset.renewFor === event.data) notice.remove();
      });
    });
  }

  document.addEventListener("click", function (event) {
    const link = event.target.closest("a[href]");
    if (link) keepOnTheWay(link);
  });

  keepOwn();
  putBack();
  document.querySelectorAll("[data-renew-at]").forEach(showWhenDue);
  listenForRenewals();
})();
