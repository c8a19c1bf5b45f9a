// Goes on once every frame has loaded, whatever it shows. Without this script the Continue link does it.
addEventListener("load", () => document.getElementById("continue").click());
