// Sends the form on at once. Without this script the Continue button does it.
document.getElementById("post-form").submit();
