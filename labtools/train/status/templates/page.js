(function () {
  "use strict";
  var body = document.body.dataset, age = document.getElementById("age"), details = document.querySelector("details");
  var read = Date.parse(body.time), refresh = Number(body.refresh), over = body.over === "1", watched = body.watched === "1";
  function words(s) {
    return s < 90 ? Math.round(s) + " s" : s < 5400 ? Math.round(s / 60) + " min" : s < 172800 ? Math.round(s / 3600) + " h" : Math.round(s / 86400) + " d";
  }
  function tell() {
    if (over || isNaN(read)) { return; }
    var s = Math.max(0, (Date.now() - read) / 1000), old = s > Math.max(120, 5 * refresh);
    age.className = old ? "old" : "";
    age.textContent = "(" + words(s) + " ago" + (old ? (watched ? "; nobody renews this page any more" : "; renew it with labtools status --html") : "") + ")";
  }
  function remember(key, value) {
    try { if (value === undefined) { return sessionStorage.getItem(key); } sessionStorage.setItem(key, value); } catch (e) { return null; }
  }
  if (remember("runs") === "open") { details.open = true; }
  details.addEventListener("toggle", function () { remember("runs", details.open ? "open" : "shut"); });
  tell();
  setInterval(tell, 1000);
  if (!over) { setTimeout(function () { location.reload(); }, 1000 * refresh); }
}());
