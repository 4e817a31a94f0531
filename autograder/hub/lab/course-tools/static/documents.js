// What is open and not saved, and saving it.

const AREAS = ["main", "left", "right", "down"];
const PATIENCE = 20000; // milliseconds: where a file changed on disk, JupyterLab asks, and nobody may be there

export class Documents {
  constructor(app, manager) {
    this._app = app;
    this._manager = manager;
  }

  // Documents with changes that can be saved, of the folder whose path begins so.
  changed(folder = "") {
    const found = new Map();
    for (const area of AREAS) {
      for (const widget of this._widgets(area)) {
        const context = this._manager.contextForWidget(widget);
        if (context && context.path.startsWith(folder) && isChanged(context)) found.set(context.path, context);
      }
    }
    return [...found.values()];
  }

  // Save these; sentences about those that were not saved.
  async save(contexts) {
    const outcomes = await Promise.all(contexts.map(saved));
    return outcomes.filter(Boolean);
  }

  _widgets(area) {
    try {
      return [...this._app.shell.widgets(area)];
    } catch {
      return []; // Notebook 7 has other areas
    }
  }
}

export function nameOf(context) {
  return context.path.split("/").pop();
}

function isChanged(context) {
  const about = context.contentsModel;
  return context.isReady && context.model.dirty && !(about && about.writable === false);
}

async function saved(context) {
  const late = new Promise((done) => setTimeout(done, PATIENCE, "it takes too long"));
  try {
    const trouble = await Promise.race([context.save(), late]);
    return trouble || context.model.dirty ? `${nameOf(context)} was not saved: ${trouble || "it changed again"}.` : "";
  } catch (error) {
    return `${nameOf(context)} was not saved: ${error.message || error}`;
  }
}
