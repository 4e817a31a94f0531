document.querySelectorAll("pre[data-copy]").forEach(function (cell) {
  if (!navigator.clipboard) return;
  var button = document.createElement("button");
  button.type = "button";
  button.textContent = "Copy";
  button.setAttribute("aria-label", "Copy this code");
  button.addEventListener("click", function () {
    navigator.clipboard.writeText(cell.textContent).then(function () {
      button.textContent = "Copied";
      setTimeout(function () { button.textContent = "Copy"; }, 1500);
    });
  });
  cell.parentNode.insertBefore(button, cell);
});
