// Submit in the toolbar of a unit's notebooks, and among the commands.

const SUBMIT = "course-tools:submit";
const PLACE = 10; // in the toolbar, behind JupyterLab's own buttons

export function addCommand(app, tracker, palette, units, submit) {
  const unit = (args) => units.of(args.path || (tracker.currentWidget ? tracker.currentWidget.context.path : ""));
  app.commands.addCommand(SUBMIT, {
    label: "Submit",
    caption: "Hand in the unit that this notebook belongs to",
    isEnabled: (args) => Boolean(unit(args)),
    execute: (args) => submit(unit(args)),
  });
  if (palette) palette.addItem({ command: SUBMIT, category: "Course" });
}

export function addButtons(lab, app, units) {
  app.docRegistry.addWidgetExtension("Notebook", {
    createNew(panel, context) {
      const button = new lab.apputils.ToolbarButton({
        className: "course-submit",
        label: "Submit",
        tooltip: "Hand in this unit; you first see what is not saved and what would cost points",
        onClick: () => app.commands.execute(SUBMIT, { path: context.path }),
      });
      const update = async () => {
        const unit = await units.find(context.path);
        if (!button.isDisposed) button.setHidden(!unit);
        app.commands.notifyCommandChanged(SUBMIT);
      };
      button.hide();
      panel.toolbar.insertItem(PLACE, "course-submit", button);
      context.pathChanged.connect(update);
      update();
      return button;
    },
  });
}
