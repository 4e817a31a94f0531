// Handing in: what is not saved, what preflight finds, the receipt, and the mark when it is there.
import { nameOf } from "./documents.js";
import { element, link, list, moment } from "./words.js";
import { follow } from "./follow.js";

const AS_SAVED = "Submit what is saved";

// The function that hands in a unit; it answers whether that was done. One unit is handed in at a time.
export function submitting(lab, server, documents) {
  let open = false;
  return async function submit(unit) {
    if (open) return false;
    open = true;
    try {
      const changed = documents.changed(unit.folder);
      const asked = changed.length > 0;
      if (asked && !(await settleUnsaved(lab, documents, unit, changed))) return false;
      if (!(await agreed(lab, server, unit, asked))) return false;
      return await handIn(lab, server, unit);
    } finally {
      open = false;
    }
  };
}

// Name what is not saved; false where nothing is to be handed in.
async function settleUnsaved(lab, documents, unit, changed) {
  const { Dialog } = lab.apputils;
  const choice = await show(lab, {
    title: `Submit ${unit.title}`,
    body: body(
      lab,
      element("p", "", changed.length === 1 ? "One file is not saved:" : `${changed.length} files are not saved:`),
      list(changed.map(nameOf)),
      element("p", "", "Only what is saved is handed in.")
    ),
    buttons: [
      Dialog.cancelButton(),
      Dialog.createButton({ label: AS_SAVED, accept: false }), // looks like the second choice that it is
      Dialog.okButton({ label: "Save and submit" }),
    ],
    defaultButton: 2,
  });
  if (!choice.button.accept) return choice.button.label === AS_SAVED;
  const trouble = await documents.save(changed);
  return !trouble.length || goOn(lab, unit, trouble);
}

// Something was not saved: only the student knows whether what lies there is worth handing in.
async function goOn(lab, unit, trouble) {
  const { Dialog } = lab.apputils;
  const choice = await show(lab, {
    title: `Submit ${unit.title}`,
    body: body(lab, list(trouble), element("p", "", "What was saved before can be handed in.")),
    buttons: [Dialog.cancelButton(), Dialog.okButton({ label: AS_SAVED })],
  });
  return choice.button.accept;
}

// Say what preflight finds in what is saved. It reads and never runs, it warns and never blocks: the button
// works before it has answered. Who was asked already is not asked twice where there is nothing to say.
async function agreed(lab, server, unit, asked) {
  const { Dialog } = lab.apputils;
  const found = element("div", "course-look", element("p", "", "Reading what is saved. Nothing of it is run."));
  found.setAttribute("role", "status");
  const dialog = new Dialog({
    title: `Submit ${unit.title}`,
    body: body(lab, found),
    buttons: [Dialog.cancelButton(), Dialog.okButton({ label: "Submit" })],
  });
  const answer = dialog.launch();
  server.post(`look/${unit.unit}`).then(
    (look) => {
      found.replaceChildren(...looked(look));
      if (asked && !look.costs && !dialog.isDisposed) dialog.resolve(1);
    },
    (error) => found.replaceChildren(element("p", "", `It was not looked at: ${error.message} You can submit all the same.`))
  );
  return (await answer).button.accept;
}

function looked(look) {
  const late = look.warning ? [element("p", "course-warning", look.warning)] : [];
  const due = element("p", "course-soft", `Due ${moment(look.due)}. Nothing is handed in yet.`);
  return [due, ...late, ...look.parts.map(part)];
}

function part({ title, lines, text, kind }) {
  const rest = [lines.length ? list(lines, kind) : "", text ? element("p", "course-soft", text) : ""];
  return element("section", "", element("h3", "", title), ...rest);
}

// Hand in, and stay to say what came of it.
async function handIn(lab, server, unit) {
  const { Dialog } = lab.apputils;
  const state = element("p", "course-state", "Handing in.");
  state.setAttribute("role", "status");
  const more = element("div", "");
  const dialog = new Dialog({
    title: `Submit ${unit.title}`,
    body: body(lab, state, more),
    buttons: [Dialog.okButton({ label: "Close" })],
  });
  const closed = dialog.launch();
  let made;
  try {
    made = await server.post(`submit/${unit.unit}`);
  } catch (error) {
    const known = error.sure ? "Not handed in" : "It is not known whether it was handed in";
    state.textContent = `${known}: ${error.message}`;
    more.replaceChildren(element("p", "", link(unit.page, "See your attempts on the exchange")));
    await closed;
    return false;
  }
  const note = made.note ? [element("p", "", made.note)] : [];
  const about = element("p", "", `Handed in: attempt ${made.number}, ${moment(made.received)}. It is kept.`);
  const where = made.receipt ? `Your receipt: \`${made.receipt}\`` : "Your receipt could not be kept here; it is on that page:";
  const receipt = element("p", "course-soft", where);
  more.replaceChildren(about, ...note, receipt, element("p", "", link(made.page, "See the result on the exchange")));
  follow(lab, server, unit, made, state, dialog);
  await closed;
  return true;
}

function body(lab, ...nodes) {
  const node = element("div", "course-body", ...nodes);
  node.tabIndex = 0; // long lists are scrolled by keys
  return new lab.widgets.Widget({ node });
}

function show(lab, options) {
  return new lab.apputils.Dialog(options).launch();
}
