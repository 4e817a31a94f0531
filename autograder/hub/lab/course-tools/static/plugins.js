// The two plugins: handing in, and the notice before the server ends.
import { Server } from "./server.js";
import { Units } from "./units.js";
import { Documents } from "./documents.js";
import { submitting } from "./submit.js";
import { addButtons, addCommand } from "./buttons.js";
import { beforeNbgrader } from "./assignments.js";
import { watchEnd } from "./end.js";

// `lab`: JupyterLab's shared packages, by short name; `style`: the address of our style sheet.
export function plugins(lab, style) {
  const { ICommandPalette } = lab.apputils;
  const { IDocumentManager } = lab.docmanager;
  const { INotebookTracker } = lab.notebook;
  return [
    {
      id: "course-tools:submit",
      description: "Submit says what is not saved and what preflight finds, and shows the mark when it is there.",
      autoStart: true,
      requires: [IDocumentManager, INotebookTracker],
      optional: [ICommandPalette],
      activate(app, manager, tracker, palette) {
        addStyle(style);
        const server = new Server(lab), units = new Units(server);
        const submit = submitting(lab, server, new Documents(app, manager));
        addCommand(app, tracker, palette, units, submit);
        addButtons(lab, app, units);
        beforeNbgrader(units, submit);
        units.load();
      },
    },
    {
      id: "course-tools:end",
      description: "A notice 15 and 5 minutes before the server ends; what is changed is saved before.",
      autoStart: true,
      requires: [IDocumentManager],
      activate(app, manager) {
        watchEnd(lab, new Server(lab), new Documents(app, manager));
      },
    },
  ];
}

function addStyle(address) {
  const link = document.createElement("link");
  Object.assign(link, { rel: "stylesheet", href: address });
  document.head.append(link);
}
