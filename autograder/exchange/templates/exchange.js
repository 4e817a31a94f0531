// A page that waits looks again every few seconds and puts the new content in place of the old.
(function () {
  "use strict";
  var tag = null;
  function busy() {  // what would be lost with the old content
    var at = document.activeElement;
    if (at && at.closest && at.closest("main form, main input, main button")) return true;
    var marked = getSelection();
    if (marked && !marked.isCollapsed && document.querySelector("main").contains(marked.anchorNode)) return true;
    return Array.prototype.some.call(document.querySelectorAll("main input, main textarea, main select"), typed);
  }
  function typed(field) {
    if (field.type === "hidden") return false;
    if (field.type === "checkbox" || field.type === "radio") return field.checked !== field.defaultChecked;
    if (field.options) {
      var first = Array.prototype.findIndex.call(field.options, function (each) { return each.defaultSelected; });
      return field.selectedIndex !== Math.max(first, 0);
    }
    return field.value !== field.defaultValue;
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
    var looks = looksOf(old);
    old.replaceWith(document.adoptNode(fresh));
    looksOf(fresh).forEach(function (look, name) { if (looks.has(name)) look.take(looks.get(name)); });
    document.dispatchEvent(new Event("fresh"));
    say(document.querySelector("main [data-news]"));
    document.body.toggleAttribute("data-live", page.body.hasAttribute("data-live"));
  }
  // What the reader has opened and how far a table is scrolled, by its name on the page.
  function looksOf(main) {
    var found = new Map();
    main.querySelectorAll("details > summary").forEach(function (summary) {
      var details = summary.parentNode;
      found.set("details " + summary.textContent, {
        open: details.open, take: function (before) { details.open = before.open; },
      });
    });
    main.querySelectorAll(".scroll").forEach(function (table) {
      found.set("table " + (table.getAttribute("aria-label") || table.getAttribute("aria-labelledby")), {
        left: table.scrollLeft, take: function (before) { table.scrollLeft = before.left; },
      });
    });
    return found;
  }
  // A screen reader hears a change only in an element that stays.
  function say(news) {
    if (news) document.getElementById("news").textContent = news.textContent.replace(/\s+/g, " ").trim();
  }
  function again() { setTimeout(look, 2000); }
  again();
})();
