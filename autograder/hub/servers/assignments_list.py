"""Formgrader's list of assignments without dead ends.

nbgrader links a unit's name and its preview to folders, which this server does not show. The name leads to
the unit's page for staff instead, the preview to what students see of a released unit.
"""

from __future__ import annotations

import json
from pathlib import Path

from nbgrader.server_extensions.formgrader import handlers
from tornado import web

from .places_of_pages import exchange_pages

SCRIPT = "manage_assignments.js"  # nbgrader's, with its dialog for the date
NO_DIALOG = """
(function () {
    var open = AssignmentUI.prototype.openModal;
    AssignmentUI.prototype.openModal = function () {
        open.call(this);
        this.$modal.find(".modal-duedate, .modal-timezone").prop("disabled", true);
        this.$modal_save.prop("disabled", true);
        var sentence = %s.split("{unit}").join(this.model.get("name"));
        this.$modal.find(".modal-body").append($("<p/>").text(sentence));
    };
})();
"""
NO_FOLDERS = """
(function () {
    var render = AssignmentUI.prototype.render, exchange = %s;
    AssignmentUI.prototype.render = function () {
        render.call(this);
        var name = this.model.get("name"), at = encodeURIComponent(name);
        this.$name.empty().append(exchange ? $("<a/>").attr("href", exchange + "staff/" + at).text(name)
            : $("<span/>").text(name));
        if (exchange && this.model.get("status") === "released") {
            this.$preview.find("a").attr({href: exchange + "units/" + at, "aria-label": "As students see it"})
                .removeAttr("target");
        } else {
            this.$preview.empty();
        }
    };
})();
"""


WHO_MAY = """
(function () {
    ["release_failure", "unrelease_failure", "release_feedback_failure"].forEach(function (name) {
        var before = AssignmentUI.prototype[name];
        AssignmentUI.prototype[name] = function (answer) {
            var said = answer && answer.status === 403 && answer.responseJSON;
            if (!said || !said.error) return before.apply(this, arguments);
            this.model.fetch();
            createModal("error-modal", "Error", _.escape(said.error));
        };
    });
})();
"""


class AssignmentsScript(handlers.BaseHandler):
    """nbgrader's script of the list; its dialog says where the date is set, and its links lead somewhere."""

    def initialize(self, sentence: str) -> None:
        """Take what the dialog says."""
        self.sentence = sentence

    @web.authenticated
    def get(self) -> None:
        """The script, and ours behind it."""
        script = (Path(handlers.static_path) / "js" / SCRIPT).read_text(encoding="utf-8")
        ours = (NO_DIALOG % json.dumps(self.sentence), NO_FOLDERS % json.dumps(exchange_pages()), WHO_MAY)
        self.set_header("Content-Type", "text/javascript; charset=utf-8")
        self.finish("".join((script, *ours)))
