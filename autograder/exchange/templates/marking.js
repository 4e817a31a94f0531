// Marking by keyboard; what is typed stays in this browser until it is saved; others see who is here.
(function () {
  "use strict";
  var form = document.getElementById("give");
  if (!form) return;
  var place = "marking:" + form.getAttribute("action"), keys = document.getElementById("keys");
  var points = form.elements.points, comment = form.elements.comment;
  var boxes = Array.prototype.slice.call(form.querySelectorAll("input[name=items]"));
  var leaving = false, touched = Date.now(), began = now();

  function now() {
    var ticked = boxes.map(function (box) { return box.checked ? box.value : ""; }).join(" ").trim();
    var fields = [points, comment, form.elements.new_text, form.elements.new_points];
    return JSON.stringify([ticked].concat(fields.map(function (field) { return field.value; })));
  }

  // What is typed and not saved.
  function keep() {
    touched = Date.now();
    try {
      if (now() === began) sessionStorage.removeItem(place);
      else sessionStorage.setItem(place, JSON.stringify({ last: form.elements.last.value, held: now() }));
    } catch (full) { /* leaving warns all the same */ }
  }
  function put(held) {
    var values = JSON.parse(held), ticked = values[0].split(/\s+/);
    boxes.forEach(function (box) { box.checked = ticked.indexOf(box.value) >= 0; });
    [points, comment, form.elements.new_text, form.elements.new_points].forEach(function (field, at) {
      field.value = values[at + 1];
    });
    keep();
  }
  function offer() {
    var kept = JSON.parse(sessionStorage.getItem(place) || "null"), bar = document.getElementById("unsaved");
    if (!kept || kept.held === began) return;
    if (kept.last !== form.elements.last.value) return sessionStorage.removeItem(place); // it was saved
    bar.hidden = false;
    bar.querySelector("[data-do=put]").addEventListener("click", function () { put(kept.held); bar.hidden = true; points.focus(); });
    bar.querySelector("[data-do=drop]").addEventListener("click", function () { sessionStorage.removeItem(place); bar.hidden = true; });
  }
  form.addEventListener("input", keep);
  form.addEventListener("submit", function () { leaving = true; });
  window.addEventListener("pageshow", function () { leaving = false; });
  window.addEventListener("beforeunload", function (event) {
    if (leaving || now() === began) return;
    event.preventDefault();
    event.returnValue = "";
  });
  try { offer(); } catch (unreadable) { /* nothing was kept */ }
  if (form.hasAttribute("data-refused")) keep();

  // Ticked items fill the fields at once, as long as nothing else stands in them.
  var last = made();
  function made() {
    var ticked = boxes.filter(function (box) { return box.checked; });
    var given = ticked.map(function (box) { return Number(box.dataset.points); }).filter(Boolean);
    var start = given.some(function (each) { return each > 0; }) ? 0 : Number(form.dataset.full);
    var sum = given.reduce(function (a, b) { return a + b; }, start);
    return {
      points: given.length ? String(Math.round(Math.min(Math.max(sum, 0), Number(form.dataset.full)) * 1e6) / 1e6) : "",
      comment: ticked.map(function (box) { return box.dataset.text; }).join("\n"),
    };
  }
  boxes.forEach(function (box) {
    box.addEventListener("change", function () {
      var next = made();
      if (!points.value || points.value === last.points) points.value = next.points;
      if (!comment.value || comment.value === last.comment) comment.value = next.comment;
      else if (box.checked) comment.value += "\n" + box.dataset.text;
      last = next;
      keep();
    });
  });

  // Keys: Ctrl+Enter anywhere; single ones outside of fields, unless they are switched off.
  try { keys.checked = localStorage.getItem("marking-keys") !== "off"; } catch (none) { keys.checked = true; }
  keys.addEventListener("change", function () {
    try { localStorage.setItem("marking-keys", keys.checked ? "on" : "off"); } catch (none) { /* for this page */ }
  });
  document.addEventListener("keydown", function (event) {
    var at = document.activeElement, typing = at && /^(TEXTAREA|SELECT)$/.test(at.tagName);
    typing = typing || (at && at.tagName === "INPUT" && at.type !== "checkbox");
    if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) {
      event.preventDefault();
      return form.querySelector("button[value=next]").click();
    }
    if (event.key === "Escape" && typing) return at.blur();
    if (typing || !keys.checked || event.ctrlKey || event.metaKey || event.altKey) return;
    var target = document.querySelector("[data-press='" + CSS.escape(event.key) + "']");
    if (!target) return;
    event.preventDefault();
    if (/^(text|textarea)$/.test(target.type)) target.focus();
    else target.click();
  });

  // "Somebody is marking this" holds as long as that somebody is here.
  setInterval(function () {
    if (Date.now() - touched > 300000) return;
    var word = new URLSearchParams({ word: form.elements.word.value });
    fetch(form.dataset.hold, { method: "POST", body: word, credentials: "same-origin" })
      .catch(function () { /* the server is away for a moment */ });
  }, 45000);
  ["keydown", "pointerdown", "wheel"].forEach(function (kind) {
    document.addEventListener(kind, function () { touched = Date.now(); }, { passive: true });
  });
})();
