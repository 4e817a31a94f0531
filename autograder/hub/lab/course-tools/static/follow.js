// From hand-in to the mark: asked for by itself, shown in the dialog, or in a notification once that is closed.

const FIRST = 1000, SLOWEST = 10000; // milliseconds between two looks
const LONGEST = 30 * 60000; // until nobody looks any more

export async function follow(lab, server, unit, made, state, dialog) {
  let stands = made;
  const end = performance.now() + LONGEST;
  for (let wait = FIRST; ; wait = Math.min(wait * 1.2, SLOWEST)) {
    state.textContent = stands.says;
    if (stands.settled) break;
    if (performance.now() > end) {
      stands = { says: "The result takes long. Its page shows it when it is there." };
      state.textContent = stands.says;
      break;
    }
    await new Promise((done) => setTimeout(done, wait));
    stands = await server.get(`attempts/${made.id}`).catch(() => stands); // away for a moment
  }
  if (dialog.isDisposed) tell(lab, unit, made, stands);
}

function tell(lab, unit, made, stands) {
  const [first] = stands.says.split(/(?<=\.) /); // JupyterLab shows 140 letters
  lab.apputils.Notification.info(`${unit.title}, attempt ${made.number}. ${first}`, {
    autoClose: false,
    actions: [{ label: "See the result", callback: () => window.open(made.page, "_blank", "noopener") }],
  });
}
