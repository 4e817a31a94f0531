// Which units are released, and which of them a file belongs to: `<course>/<unit>/<file>`.

const AGAIN = 60000; // milliseconds until a unit that is not known is asked for once more

export class Units {
  constructor(server) {
    this._server = server;
    this._course = "";
    this._pages = ""; // of the exchange
    this._known = new Map();
    this._loading = null;
    this._loaded = -AGAIN;
  }

  // Ask the server, at most once a minute; without an answer no unit is known.
  load() {
    if (performance.now() - this._loaded > AGAIN) {
      this._loaded = performance.now();
      this._loading = this._server.get("units").then(
        (found) => {
          this._course = found.course;
          this._pages = found.pages;
          this._known = new Map(found.units.map((each) => [each.unit, each]));
        },
        (error) => console.warn(`course-tools: ${error.message}`)
      );
    }
    return this._loading;
  }

  // The unit that a path belongs to; undefined where none is known to be released.
  of(path) {
    const [course, name, file, ...deeper] = path.split("/");
    if (!file || deeper.length || course !== this._course) return undefined;
    const unit = this._known.get(name);
    return unit && { ...unit, folder: `${course}/${name}/`, page: `${this._pages}units/${name}` };
  }

  // The same, asked for where it is not known.
  async find(path) {
    if (!this.of(path)) await this.load();
    return this.of(path);
  }
}
