// Requests to the person's own server, which asks the exchange (autograder/hub/servers/lab_tools.py).

export class Server {
  constructor(lab) {
    this._connection = lab.services.ServerConnection;
    this._join = lab.coreutils.URLExt.join;
    this._settings = this._connection.makeSettings();
  }

  get(path) {
    return this._ask(path, "GET");
  }

  post(path) {
    return this._ask(path, "POST");
  }

  // The answer; an Error whose message is a sentence where there is none.
  async _ask(path, method) {
    const address = this._join(this._settings.baseUrl, "course-tools", path);
    let answer;
    try {
      answer = await this._connection.makeRequest(address, { method }, this._settings);
    } catch {
      throw new Error("Your server does not answer. Is it still running?");
    }
    const said = await answer.json().catch(() => ({}));
    if (!answer.ok) throw new Error(said.message || `Your server answered ${answer.status}.`);
    return said;
  }
}
