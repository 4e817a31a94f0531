// Submit in nbgrader's list of assignments: the same dialogs before it.
//
// nbgrader offers no way to put something before its button, so the click is caught on its way down. What is
// not recognised, such as a row of another form, goes on to nbgrader's own handler: nobody is kept from
// handing in by a change of nbgrader's pages.

const STATUS = ".item_status", NAME = ".item_name", COURSE = ".item_course"; // of a row, beside one another
const BUTTON = `#fetched_assignments_list .list_item ${STATUS} button`;
const REFRESH = "#refresh_assignments_list";

export function beforeNbgrader(units, submit) {
  document.addEventListener("click", (event) => caught(event, units, submit), true);
}

function caught(event, units, submit) {
  const button = event.target.closest ? event.target.closest(BUTTON) : null;
  if (!button || button.textContent.trim() !== "Submit") return;
  const line = button.closest(STATUS).parentElement;
  const [course, name] = [textIn(line, COURSE), textIn(line, NAME)];
  const unit = course && name ? units.of(`${course}/${name}/${name}.ipynb`) : undefined;
  if (!unit) {
    units.load(); // next time
    return;
  }
  event.preventDefault();
  event.stopImmediatePropagation();
  submit(unit).then((done) => {
    const refresh = document.querySelector(REFRESH);
    if (done && refresh) refresh.click();
  });
}

function textIn(line, part) {
  const found = line.querySelector(`:scope > ${part}`);
  return found ? found.textContent.trim() : "";
}
