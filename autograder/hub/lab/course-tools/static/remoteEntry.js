// The way in: JupyterLab loads this file, hands over the packages that it shares, and asks for our plugins.
//
// There is no build step. A prebuilt extension is a "container" with two functions (webpack's module
// federation): `init` takes the shared packages, `get` answers a module. Ours are plain ES modules beside
// this file, and what they need of JupyterLab is taken from what it shares, by name.
(function () {
  "use strict";
  const NAME = "course-tools";
  const NEEDED = {
    apputils: "@jupyterlab/apputils",
    coreutils: "@jupyterlab/coreutils",
    docmanager: "@jupyterlab/docmanager",
    notebook: "@jupyterlab/notebook",
    services: "@jupyterlab/services",
    widgets: "@lumino/widgets",
  };
  const here = document.currentScript.src;
  let shared = {};

  async function take(name) {
    const versions = Object.values(shared[name] || {});
    if (!versions.length) {
      throw new Error(
        `${NAME}: this JupyterLab does not share ${name}. Submit and the notice before a server ends are ` +
          "missing. Use the version of JupyterLab in constraints.txt, or change NEEDED in remoteEntry.js."
      );
    }
    const factory = await (versions.find((one) => one.loaded) || versions[0]).get();
    return factory();
  }

  async function extension() {
    const lab = {};
    for (const [short, name] of Object.entries(NEEDED)) lab[short] = await take(name);
    const { plugins } = await import(new URL("plugins.js", here).href);
    return { __esModule: true, default: plugins(lab, new URL("style.css", here).href) };
  }

  window._JUPYTERLAB = window._JUPYTERLAB || {};
  window._JUPYTERLAB[NAME] = {
    init(scope) {
      shared = scope;
    },
    async get(module) {
      if (module !== "./extension") throw new Error(`${NAME} has no module ${module}`);
      const made = await extension();
      return () => made;
    },
  };
})();
