"""Logs without names: whoever is a student by the roster stands in them under a pseudonym.

Logs are read by more people, and kept elsewhere, than the course's data. ``course person who PSEUDONYM`` says
who is meant, to who has the course's secret.
"""

from __future__ import annotations

import logging
import re
import time
from pathlib import Path

from ..base.errors import ConfigError
from .pseudonyms import pseudonym
from .roster import read_roster

LOOK_SECONDS = 5.0  # between looks whether the roster is another
WORD = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9._-]*[A-Za-z0-9])?")
JOINTS = re.compile(r"([._-]+)")  # at which a name may stand in a longer word, such as a container's
Stamp = tuple[int, int, int]


class LogNames:
    """Puts pseudonyms in the place of students' names in a text."""

    def __init__(self, roster: Path, secret: bytes) -> None:
        self._roster, self._secret = roster, secret
        self._looked, self._stamp = float("-inf"), (0, 0, 0)
        self._names: dict[str, str] = {}

    def hide(self, text: str) -> str:
        """The text with pseudonyms; as it is where the roster cannot be read, which stops nothing."""
        if time.monotonic() - self._looked >= LOOK_SECONDS:
            self._look()
        return WORD.sub(lambda found: self._word(found[0]), text) if self._names else text

    def _word(self, word: str) -> str:
        if word in self._names:
            return self._names[word]
        parts = JOINTS.split(word)
        for size in range(len(parts) - 2, 0, -2):  # the longest name first: 'a-b' before 'a'
            for start in range(0, len(parts) - size + 1, 2):
                name = "".join(parts[start : start + size])
                if name in self._names:
                    before, behind = "".join(parts[:start]), "".join(parts[start + size :])
                    return f"{before}{self._names[name]}{self._word(behind) if behind else ''}"
        return word

    def _look(self) -> None:
        self._looked = time.monotonic()
        try:
            seen = self._roster.stat()
            stamp = (seen.st_ino, seen.st_mtime_ns, seen.st_size)
            if stamp != self._stamp:
                students = read_roster(self._roster).names("student")
                # names of people who were dropped since stay hidden as long as this process runs
                self._names |= {name: pseudonym(self._secret, name) for name in students}
                self._stamp = stamp
        except (OSError, ConfigError):
            return


class NamelessFormatter(logging.Formatter):
    """A formatter's lines, tracebacks included, without names."""

    def __init__(self, lines: logging.Formatter, names: LogNames) -> None:
        super().__init__()
        self._lines, self._names = lines, names

    def format(self, record: logging.LogRecord) -> str:
        """One record."""
        return self._names.hide(self._lines.format(record))


def hide_names(logger: logging.Logger, roster: Path, secret: bytes) -> None:
    """Let all handlers that a logger has now write without names."""
    names = LogNames(roster, secret)
    for handler in logger.handlers:
        handler.setFormatter(NamelessFormatter(handler.formatter or logging.Formatter(), names))
