// Sends the page's one form by itself. Without this script its button does the same.
"use strict";
document.querySelector("form[data-auto-submit]").submit();
