/* What allauth's passkey scripts leave out: showing their buttons, and saying what went wrong. */
(function () {
  "use strict";

  const texts = document.currentScript.dataset; // in the reader's language

  if (window.PublicKeyCredential) {
    document.querySelectorAll(".needs-script").forEach(function (element) { element.hidden = false; });
  }

  document.addEventListener("allauth.error", function (event) {
    event.preventDefault(); // allauth would only write to the console
    let alert = document.getElementById("passkey-error");
    if (!alert) {
      alert = document.createElement("div");
      alert.id = "passkey-error";
      alert.className = "alert alert-danger";
      alert.setAttribute("role", "alert");
      const heading = document.querySelector("main h1");
      (heading.closest(".page-head") || heading).after(alert);
    }
    alert.textContent = event.detail.exception.name === "NotAllowedError"
      ? texts.cancelled
      : texts.failed;
  });
})();
