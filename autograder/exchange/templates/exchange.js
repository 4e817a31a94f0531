// A page that waits looks again every few seconds and puts the new content in place of the old.
(function () {
  "use strict";
  var tag = null;
  function busy() {  // what would be lost with the old content
    var at = document.activeElement;
    return at && at.closest && at.closest("main form, main input, main button");
  }
  function look() {
    if (!document.body.hasAttribute("data-live")) return;
    if (document.hidden || busy()) return again();
    fetch(location.href, { headers: tag ? { "If-None-Match": tag } : {}, credentials: "same-origin" })
      .then(function (answer) {
        if (answer.status !== 200) return null;
        tag = answer.headers.get("ETag");
        return answer.text();
      })
      .then(function (text) { if (text) put(text); })
      .catch(function () { /* the server is away for a moment: the next look tells */ })
      .then(again);
  }
  function put(text) {
    var page = new DOMParser().parseFromString(text, "text/html");
    var fresh = page.querySelector("main"), old = document.querySelector("main");
    if (!fresh || fresh.innerHTML === old.innerHTML) return;
    old.replaceWith(document.adoptNode(fresh));
    say(document.querySelector("main [data-news]"));
    document.body.toggleAttribute("data-live", page.body.hasAttribute("data-live"));
  }
  // A screen reader hears a change only in an element that stays.
  function say(news) {
    if (news) document.getElementById("news").textContent = news.textContent.replace(/\s+/g, " ").trim();
  }
  function again() { setTimeout(look, 2000); }
  again();
})();
