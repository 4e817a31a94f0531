// Requests to the person's own server, which asks the exchange (autograder/hub/servers/lab_tools.py).

class Unanswered extends Error {
  constructor(text, sure) {
    super(text);
    this.sure = sure;
  }
}

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

  // The answer; an Error where there is none: `message` is a sentence, `sure` whether nothing was done.
  async _ask(path, method) {
    const address = this._join(this._settings.baseUrl, "course-tools", path);
    let answer;
    try {
      answer = await this._connection.makeRequest(address, { method }, this._settings);
    } catch {
      throw new Unanswered("Your server does not answer. Is it still running?", false);
    }
    const said = await answer.json().catch(() => ({}));
    if (!answer.ok) throw new Unanswered(said.message || `Your server answered ${answer.status}.`, said.sure === true);
    return said;
  }
}
