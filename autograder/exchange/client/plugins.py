"""The classes that nbgrader's commands and buttons use in place of its own exchange."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from nbgrader.exchange import abc
from nbgrader.utils import get_username, ignore_patterns
from traitlets import Bool, Unicode

from ...results.late import parse_time
from ...results.store import safe_name
from .collecting import TIMESTAMP, timestamp, to_collect, write_attempt
from .listing import outbound_entry, submitted_entries
from .service import HUB_TOKEN_VARIABLE, TOKEN_VARIABLE, URL_VARIABLE, ExchangeRefused, Service
from .trees import inside, read_tree, write_tree

FEEDBACK_NAME = ".feedback-name"  # which state of the feedback lies in a folder


class ServiceExchange(abc.Exchange):
    """What all of them share: the service, the course, and where assignments lie."""

    url = Unicode(help="Address of the exchange, such as http://127.0.0.1:8000/services/exchange/").tag(
        config=True
    )
    token_env = Unicode(
        HUB_TOKEN_VARIABLE, help="Name of the environment variable with the user's token"
    ).tag(config=True)
    path_includes_course = Bool(False, help="Whether assignments lie in a folder per course").tag(config=True)

    @property
    def service(self) -> Service:
        """The exchange, as this user."""
        url = self.url or os.environ.get(URL_VARIABLE, "")
        token = os.environ.get(self.token_env) or os.environ.get(TOKEN_VARIABLE, "")
        if not url or not token:
            self.fail(
                f"No exchange is configured: ServiceExchange.url is {url!r}, {self.token_env} is unset."
            )
        return Service(url, token)

    @contextmanager
    def said_by_exchange(self) -> Iterator[None]:
        """Turn a refusal into nbgrader's own error."""
        try:
            yield
        except ExchangeRefused as error:
            self.fail(str(error))

    @property
    def unit(self) -> str:
        """The assignment's name, also where a path to it was given."""
        return Path(self.coursedir.assignment_id).name

    def place(self, unit: str, course: str | None = None) -> Path:
        """The student's folder of an assignment."""
        course = course or self.coursedir.course_id
        parts = [course, unit] if self.path_includes_course and course else [unit]
        return Path(self.assignment_dir, *parts).absolute()

    def start(self) -> Any:
        """Do it, with the exchange's refusals in nbgrader's words."""
        with self.said_by_exchange():
            return super().start()

    def init_src(self) -> None:
        """Nothing to prepare."""

    def init_dest(self) -> None:
        """Nothing to prepare."""

    def copy_files(self) -> None:
        """Nothing to copy."""


class ExchangeList(ServiceExchange, abc.ExchangeList):
    """``nbgrader list`` and the assignment list."""

    def list_files(self) -> list[dict[str, Any]]:
        """Released assignments, or submissions with ``--cached`` (one's own) and ``--inbound`` (all)."""
        return self._entries(log=True)

    def remove_files(self) -> list[dict[str, Any]]:
        """Withdraw released assignments; submissions are kept."""
        if self.inbound or self.cached:
            self.fail("Submissions are kept by the exchange and cannot be removed.")
        entries = self._entries(log=False)
        for entry in entries:
            self.service.withdraw(entry["assignment_id"])
            self.log.info("Withdrawn: %s %s", entry["course_id"], entry["assignment_id"])
        return entries

    def _entries(self, log: bool) -> list[dict[str, Any]]:
        units = [unit for unit in self.service.units() if self._wanted(unit)]
        if not (self.inbound or self.cached):
            released = [unit for unit in units if unit["released"]]
            entries = [outbound_entry(unit, self.place(unit["unit"], unit["course"])) for unit in released]
            self._tell("Released assignments:", entries if log else [])
            return entries
        found = [entry for unit in units for entry in self._submitted(unit)]
        self._tell(
            "Submitted assignments:", [line for e in found for line in e["submissions"]] if log else []
        )
        return found

    def _submitted(self, unit: dict[str, Any]) -> list[dict[str, Any]]:
        name = unit["unit"]
        listed = self.service.submissions(name) if self.inbound else self.service.attempts(name)
        if self.inbound and self.coursedir.student_id not in ("", "*"):
            listed = [line for line in listed if line["student"] == self.coursedir.student_id]
        return submitted_entries(unit, listed, self.place(name, unit["course"]), FEEDBACK_NAME)

    def _wanted(self, unit: dict[str, Any]) -> bool:
        course, assignment = self.coursedir.course_id, self.unit
        return course in ("", "*", unit["course"]) and assignment in ("", "*", unit["unit"])

    def _tell(self, title: str, entries: list[dict[str, Any]]) -> None:
        if entries:
            self.log.info(title)
        for entry in entries:
            words = [entry["course_id"], entry.get("student_id"), entry["assignment_id"]]
            words += [entry.get("timestamp"), entry.get("remark")]
            self.log.info(" ".join(str(word) for word in words if word))


class ExchangeFetchAssignment(ServiceExchange, abc.ExchangeFetchAssignment):
    """``nbgrader fetch_assignment`` and the Fetch button."""

    def copy_files(self) -> None:
        """Write the released files into the student's folder; never over his work."""
        folder = self.place(self.unit)
        if folder.is_dir() and not self.replace_missing_files:
            self.fail(f"You already have a copy of the assignment in this directory: {folder.name}")
        for path in write_tree(folder, self.service.release_files(self.unit), replace=False):
            self.log.info("Fetched: %s", path)
        self.log.info("Fetched as: %s %s", self.coursedir.course_id, self.unit)


class ExchangeSubmit(ServiceExchange, abc.ExchangeSubmit):
    """``nbgrader submit`` and the Submit buttons."""

    made: dict[str, Any] | None = None  # the attempt, once it is handed in
    kept: Path | None = None  # where its receipt lies

    def files(self) -> dict[str, bytes]:
        """What would be handed in: the student's folder, without what the configuration leaves out."""
        folder = self.place(self.unit)
        if not folder.is_dir():
            self.fail(f"Assignment not found at: {folder}")
        ignore = ignore_patterns(
            self.coursedir.ignore, self.coursedir.include, self.coursedir.max_file_size, self.log
        )
        return read_tree(folder, ignore, without=("feedback",))

    def copy_files(self) -> None:
        """Hand in the student's folder; the receipt is kept on his side, too."""
        if self.coursedir.student_id not in ("", "*", get_username(), os.environ.get("JUPYTERHUB_USER")):
            self.log.warning("The exchange takes you for who your token says, not for --student.")
        files = self.files()
        self._compare(files)
        self.made = made = self.service.submit(self.unit, files)
        self.kept = self._keep_receipt(made)
        if made["note"]:
            self.log.warning(made["note"])
        self.log.info(
            "Submitted as: %s %s %s (attempt %d)",
            self.coursedir.course_id,
            self.unit,
            timestamp(made["received"]),
            made["number"],
        )

    def _compare(self, files: dict[str, bytes]) -> None:
        released = {path for path in self.service.release_files(self.unit) if path.endswith(".ipynb")}
        missing = sorted(released - files.keys())
        if missing and self.strict:
            self.fail(f"Assignment {self.unit} not submitted. Missing notebooks: {', '.join(missing)}")
        if missing:
            self.log.warning("Missing notebooks: %s", ", ".join(missing))

    def _keep_receipt(self, made: dict[str, Any]) -> Path:
        from jupyter_core.paths import jupyter_data_dir

        folder = Path(jupyter_data_dir(), "course_receipts", self.coursedir.course_id or "course")
        name = f"{self.unit}-{made['number']}.txt"
        write_tree(folder, {name: made["receipt"].encode() + b"\n"})
        self.log.info("Receipt: %s", folder / name)
        return folder / name


class ExchangeCollect(ServiceExchange, abc.ExchangeCollect):
    """``nbgrader collect`` and formgrader's Collect."""

    def copy_files(self) -> None:
        """Write each student's counting attempt into nbgrader's submitted folder."""
        chosen = to_collect(self.service.submissions(self.unit))
        if self.coursedir.student_id not in ("", "*"):
            chosen = [attempt for attempt in chosen if attempt["student"] == self.coursedir.student_id]
        if not chosen:
            self.log.warning("No submissions of '%s' to collect", self.unit)
        for attempt in chosen:
            self._collect(attempt)

    def _collect(self, attempt: dict[str, Any]) -> None:
        student = safe_name(attempt["student"])
        folder = Path(self.coursedir.format_path(self.coursedir.submitted_directory, student, self.unit))
        if folder.is_dir() and not self.update:
            self.log.info("Submission already exists, use --update to update: %s %s", student, self.unit)
        elif write_attempt(self.service, attempt, folder):
            self.log.info("Collected: %s %s (attempt %d)", student, self.unit, attempt["number"])
        else:
            self.log.info("No newer submission to collect: %s %s", student, self.unit)


class ExchangeReleaseAssignment(ServiceExchange, abc.ExchangeReleaseAssignment):
    """``nbgrader release_assignment`` and formgrader's Release."""

    def copy_files(self) -> None:
        """Send the generated release."""
        folder = Path(self.coursedir.format_path(self.coursedir.release_directory, ".", self.unit))
        if not folder.is_dir():
            self.fail(f"{folder} is missing: run 'nbgrader generate_assignment {self.unit}' first.")
        made = self.service.release(self.unit, read_tree(folder), self.force)
        if made["warning"]:
            self.log.warning(made["warning"])
        self.log.info("Released as: %s %s", made["course"], self.unit)


class ExchangeReleaseFeedback(ServiceExchange, abc.ExchangeReleaseFeedback):
    """``nbgrader release_feedback`` and formgrader's Release feedback."""

    def copy_files(self) -> None:
        """Send the generated pages to the attempts that they were made for."""
        excluded = set(filter(None, (self.coursedir.student_id_exclude or "").split(",")))
        for student, own in self._by_student().items():
            folder = Path(
                self.coursedir.format_path(self.coursedir.feedback_directory, safe_name(student), self.unit)
            )
            pages = {path.name: path.read_bytes() for path in sorted(folder.glob("*.html"))}
            if pages and student not in excluded:
                self.service.release_feedback(_attempt_of(folder, own)["id"], pages)
                self.log.info("Released feedback for student '%s' on '%s'", student, self.unit)

    def _by_student(self) -> dict[str, list[dict[str, Any]]]:
        found: dict[str, list[dict[str, Any]]] = {}
        for attempt in self.service.submissions(self.unit):
            if self.coursedir.student_id in ("", "*", attempt["student"]):
                found.setdefault(attempt["student"], []).append(attempt)
        return found


class ExchangeFetchFeedback(ServiceExchange, abc.ExchangeFetchFeedback):
    """``nbgrader fetch_feedback`` and the Fetch Feedback button."""

    def copy_files(self) -> None:
        """Write the feedback of every attempt beside the assignment."""
        for attempt in self.service.attempts(self.unit):
            name, pages = self.service.feedback(attempt["id"])
            folder = inside(self.place(self.unit) / "feedback", timestamp(attempt["received"]))
            if not pages:
                self.log.warning("No feedback yet for attempt %d of '%s'", attempt["number"], self.unit)
                continue
            write_tree(folder, pages | {FEEDBACK_NAME: f"{name}\n".encode()})
            self.log.info("Fetched feedback: %s", folder)


def _attempt_of(folder: Path, own: list[dict[str, Any]]) -> dict[str, Any]:
    """The attempt that feedback in a folder was made for, by its time; else the one that counts."""
    file = folder / TIMESTAMP
    moment = parse_time(file.read_text(errors="replace").strip()) if file.is_file() else None
    same = [attempt for attempt in own if moment is not None and parse_time(attempt["received"]) == moment]
    return same[0] if same else to_collect(own)[0]
