/* What htmx leaves to us where results are shown while one types.
 *
 *   An answer that is not the page that was asked for (refused, in error, or sent on to another) is not taken apart:
 *   the browser goes to the address itself, and the person meets the block page, the login or the error as ever.
 *   data-announce   on an element of the results: its text is read out once they are shown
 */
(function () {
  "use strict";

  document.addEventListener("htmx:before:response", function (event) {
    const { request, response } = event.detail.ctx;
    if (response.raw.ok && !response.raw.redirected) return;
    event.preventDefault();
    window.location.assign(request.action);
  });

  document.addEventListener("htmx:after:swap", function () {
    const region = document.getElementById("announcements");
    const said = document.querySelector("[data-announce]");
    if (region) region.textContent = said ? said.textContent : "";
  });
})();
