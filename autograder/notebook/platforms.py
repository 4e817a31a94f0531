"""The names that learning platforms give to what they hand out.

    onestudent_LATE_1234_567_conv_layer-1.ipynb         Canvas: name, numbers of student and file
    team_a_1234_567_conv_layer.ipynb                    Canvas, of a group
    anon_aB3dE_567_conv_layer.ipynb                     Canvas, marked without names
    Student One_1234567_assignsubmission_file_          Moodle: a folder each (older: ..._file)
    Student One_1234567_assignsubmission_file_x.ipynb   Moodle, flat
    Participant_1234567_assignsubmission_file_          Moodle, marked without names
    submission_123456                                   Gradescope: a folder per submission

Canvas' number is the student's in all units. Moodle's is the student's in one assignment only, and so is
what stands for a student without a name. Gradescope numbers submissions; who handed them in stands in
its ``submission_metadata.yml``.
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from pathlib import Path

from ..base.text import printable

CANVAS, MOODLE, GRADESCOPE = "canvas", "moodle", "gradescope"
METADATA = "submission_metadata.yml"

_NUMBERS = r"(?P<late>LATE_)?(?P<id>[0-9]{1,40})_[0-9]+_"
_CANVAS_FILE = re.compile(rf"(?P<who>.+?)_{_NUMBERS}.+")
_ANONYMOUS = re.compile(
    r"(?P<late>LATE_)?anon_(?P<late2>LATE_)?(?P<id>[0-9A-Za-z]{1,40})_(?P<late3>LATE_)?.+"
)
_MOODLE_FILE = re.compile(r"(?P<who>.+)_(?P<id>[0-9]{1,40})_assignsubmission_file(?:_.*)?")
_SUBMISSION = re.compile(r"(?P<who>submission)_(?P<id>[0-9]{1,40})")
# What Moodle calls everybody while names are hidden, letters only.
_NOBODY = {
    *("participant", "participante", "partecipante", "participantă", "teilnehmer", "teilnehmerin"),
    *("teilnehmende", "deelnemer", "uczestnik", "deltager", "deltagare", "deltaker"),
    *("osallistuja", "účastník", "résztvevő", "katılımcı", "участник", "учасник", "参加者", "参与者"),
}


@dataclass(frozen=True)
class Submitter:
    """Who handed something in, as a platform names them."""

    name: str = ""
    sid: str = ""  # the university's number
    email: str = ""


@dataclass(frozen=True)
class PlatformName:
    """What the name of a downloaded file or folder says."""

    platform: str
    who: str  # a login, a person's or a group's name
    id: str  # the platform's, of the student or of the submission
    unit: str = ""  # in which alone the id holds; "" for all
    late: bool = False  # the platform says that it came late, and not when
    nobody: bool = False  # ``who`` names everybody alike

    @property
    def full(self) -> str:
        """The name together with the platform's number."""
        return f"{self.who}_{self.id}"


def name_of_folder(folder: Path, unit: str) -> PlatformName | None:
    """What Moodle or Gradescope say by the name of a folder; None where none of them gave it."""
    if match := _MOODLE_FILE.fullmatch(folder.name):
        return _moodle(match, unit)
    if match := _SUBMISSION.fullmatch(folder.name):
        return PlatformName(GRADESCOPE, match["who"], match["id"], nobody=True)
    return None


def name_of_file(stem: str, unit: str) -> PlatformName | None:
    """What Canvas or Moodle say by the name of a file, given without its ending; None as above."""
    if match := _MOODLE_FILE.fullmatch(stem):
        return _moodle(match, unit)
    if match := _ANONYMOUS.fullmatch(stem):
        late = any(match[name] for name in ("late", "late2", "late3"))
        return PlatformName(CANVAS, "anon", match["id"], unit, late, nobody=True)
    # a group's name may end in a number: where the file has the unit's name, the numbers before it are meant
    before_unit = re.compile(rf"(?P<who>.+?)_{_NUMBERS}{re.escape(unit)}(?![0-9A-Za-z]).*")
    match = before_unit.fullmatch(stem) or _CANVAS_FILE.fullmatch(stem)
    if match:
        return PlatformName(CANVAS, _composed(match["who"]), match["id"], late=bool(match["late"]))
    return None


def _moodle(match: re.Match[str], unit: str) -> PlatformName:
    who = _composed(match["who"])
    return PlatformName(MOODLE, who, match["id"], unit, nobody=_is_nobody(who))


def _is_nobody(who: str) -> bool:
    letters = "".join(c for c in who.casefold() if c.isalpha())
    return letters in _NOBODY


def _composed(name: str) -> str:
    """As everybody but a Mac writes it, whose files' names have letters and accents apart; printable."""
    return printable(unicodedata.normalize("NFC", name))
