// The notice before the server ends, and saving what is changed before that.

const NOTICES = [900, 300, 60]; // seconds before the end; the last only says the same anew
const SAVES = [300, 120, 60, 20]; // likewise; in a tab that is out of sight timers come once a minute
const TICK = 2000, ASK_AGAIN = 30000; // milliseconds; a GPU that is idle brings another end

export async function watchEnd(lab, server, documents) {
  const watch = new Watch(lab, server, documents);
  await watch.ask();
  setInterval(() => watch.tick(), TICK);
  watch.tick();
}

class Watch {
  constructor(lab, server, documents) {
    Object.assign(this, { _notification: lab.apputils.Notification, _server: server, _documents: documents });
    Object.assign(this, { _end: null, _asked: 0, _left: Infinity, _why: "", _id: "", _saving: false });
  }

  // When the server ends, by this computer's clock; another server may have been started meanwhile.
  async ask() {
    this._asked = Date.now();
    try {
      const { seconds, why } = await this._server.get("end");
      if (seconds === null || why !== this._why) this._forget();
      this._why = why;
      this._end = seconds === null ? null : Date.now() + seconds * 1000;
    } catch {
      // away for a moment: what was known stays
    }
  }

  // Another end, or none: what was said of the last one is no longer true.
  _forget() {
    this._left = Infinity;
    if (this._id) this._notification.dismiss(this._id);
    this._id = "";
  }

  async tick() {
    if (Date.now() - this._asked > ASK_AGAIN) await this.ask();
    if (this._end === null) return;
    const left = (this._end - Date.now()) / 1000;
    const passed = (moments) => moments.some((moment) => left <= moment && moment < this._left);
    const [tells, saves] = [passed(NOTICES), passed(SAVES)];
    this._left = left;
    if (left <= 0) return;
    if (tells) this._tell(left);
    if (saves) await this._save();
  }

  _tell(left) {
    const at = new Intl.DateTimeFormat("en-GB", { hour: "2-digit", minute: "2-digit" }).format(new Date(this._end));
    const rest = this._why || "Changed files are saved before that. What kernels hold in memory is lost.";
    const text = `Your server ends at ${at}, ${inWords(left)}. ${rest}`; // JupyterLab shows 140 letters
    const actions = [{ label: "Save all now", callback: (event) => { event.preventDefault(); this._save(); } }];
    this._show(text, left <= NOTICES[1] ? "warning" : "info", { autoClose: false, actions });
  }

  _show(text, type, options) {
    const known = this._id && this._notification.update({ id: this._id, message: text, type, ...options });
    if (!known) this._id = this._notification.emit(text, type, options);
  }

  async _save() {
    if (this._saving) return;
    this._saving = true;
    try {
      const changed = this._documents.changed();
      const trouble = await this._documents.save(changed);
      if (trouble.length) this._notification.error(trouble.join(" "), { autoClose: false });
      else if (changed.length) {
        const many = changed.length === 1 ? "One changed file was" : `${changed.length} changed files were`;
        this._notification.success(`${many} saved.`, { autoClose: 5000 });
      }
    } finally {
      this._saving = false;
    }
  }
}

function inWords(seconds) {
  const minutes = Math.round(seconds / 60);
  if (minutes < 1) return "in less than a minute";
  return minutes === 1 ? "in a minute" : `in ${minutes} minutes`;
}
