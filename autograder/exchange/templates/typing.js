// What is typed into a form with ``data-keep`` stays in this tab until it has been sent.
(function () {
  "use strict";
  function fieldsOf(form) { return form.querySelectorAll("textarea, input:not([type=hidden])"); }
  function valuesOf(form) { return Array.prototype.map.call(fieldsOf(form), function (field) { return field.value; }); }
  function placeOf(form) { return "typed:" + form.dataset.keep; }
  function keep(form, sent) {
    var values = valuesOf(form);
    try {
      if (values.join("").trim()) sessionStorage.setItem(placeOf(form), JSON.stringify({ values: values, sent: sent }));
      else sessionStorage.removeItem(placeOf(form));
    } catch (full) { /* then it is only in the form */ }
  }
  function flat(text) { return text.replace(/\s+/g, " ").trim(); }
  // Whether the page itself shows that it has come: says so, or has the text outside of fields.
  function arrived(form, kept) {
    if (kept.sent && form.hasAttribute("data-stored")) return true;
    var longest = kept.values.reduce(function (a, b) { return b.length > a.length ? b : a; }, "");
    var main = document.querySelector("main").cloneNode(true);
    main.querySelectorAll("textarea").forEach(function (field) { field.remove(); });
    return kept.sent && flat(main.textContent).indexOf(flat(longest)) >= 0;
  }
  function offer(form) {
    var kept = JSON.parse(sessionStorage.getItem(placeOf(form)) || "null");
    if (!kept || form.querySelector("[data-typed]") || valuesOf(form).join() === kept.values.join()) return;
    if (arrived(form, kept)) return sessionStorage.removeItem(placeOf(form));
    var bar = document.createElement("div");
    bar.className = "finding later";
    bar.dataset.typed = "";
    bar.setAttribute("role", "status");
    bar.innerHTML = "<p>What you typed here was not sent.</p><p class=\"actions\">" +
      "<button type=\"button\">Put it back</button> <button type=\"button\" class=\"quiet\">Throw it away</button></p>";
    var buttons = bar.querySelectorAll("button");
    buttons[0].addEventListener("click", function () {
      Array.prototype.forEach.call(fieldsOf(form), function (field, at) { field.value = kept.values[at] || ""; });
      bar.remove();
      fieldsOf(form)[0].focus();
    });
    buttons[1].addEventListener("click", function () { sessionStorage.removeItem(placeOf(form)); bar.remove(); });
    form.prepend(bar);
    var around = form.closest("details");
    if (around) around.open = true;
  }
  function all() {
    document.querySelectorAll("form[data-keep]").forEach(function (form) {
      try { offer(form); } catch (unreadable) { /* nothing was kept */ }
    });
  }
  ["input", "submit"].forEach(function (kind) {
    document.addEventListener(kind, function (event) {
      var form = event.target.closest("form[data-keep]");
      if (form) keep(form, kind === "submit");
    });
  });
  document.addEventListener("fresh", all);  // exchange.js has put new content in place of the old
  all();
})();
