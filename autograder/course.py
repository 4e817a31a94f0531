"""The course: what ``course_config.py`` says, checked once when it is loaded.

A course is a folder with a ``course_config.py`` that defines ``course = Course(...)``.
Everything here is frozen; paths are derived from the folder and a unit's name, so
that adding a unit is one folder, one reference module and one line.
"""

from __future__ import annotations

import importlib.util
import os
import re
import sys
from dataclasses import dataclass, field, replace
from datetime import datetime
from functools import cached_property
from importlib.machinery import ModuleSpec
from pathlib import Path
from types import ModuleType
from zoneinfo import ZoneInfo

from .base.errors import ConfigError, UsageError, did_you_mean
from .base.python import HERE, short
from .base.typed import POSITIVE, Rule, faults, one_of

CONFIG_NAME = "course_config.py"


@dataclass(frozen=True)
class Limits:
    """What one submission may use; seconds are of wall clock unless a name says cpu."""

    call_seconds: float = 5.0  # one call of student code
    test_seconds: float = 20.0  # one check, the judge's part included
    load_seconds: float = 10.0  # executing the submission's definitions
    whole_seconds: float = 60.0  # running the whole notebook, where its slice does not load
    submission_seconds: float = 120.0  # everything together
    cpu_seconds: float = 60.0  # of one process
    memory_mib: int = 1024  # on top of what the warm process already holds
    output_mib: int = 1  # printed text
    scratch_mib: int = 16  # files
    reply_mib: int = 64  # one reply
    calls: int = 20_000  # per check
    handles: int = 10_000  # objects kept in the student's process, per process
    notebook_mib: int = 20  # the submitted file


@dataclass(frozen=True)
class LatePolicy:
    """What a late submission loses; applied to the gradebook, never to ``score``."""

    percent_per_day: float = 10.0  # of the mark, for each started day
    days: int = 5  # after these the mark is 0
    grace_minutes: int = 15  # not yet late


@dataclass(frozen=True)
class Disclosure:
    """What feedback shows, and when: "always", "after-due" or "never"."""

    verdicts: str = "always"
    mistakes: str = "always"  # the named mistake and its hint
    smallest_case: str = "always"  # on public inputs, with the expected value
    after: str = "own-due"  # whose date "after-due" means: the student's own, or the class's "last-due"


@dataclass(frozen=True)
class HintTokens:
    """What named mistakes and smallest cases cost before the due date; one opening is one token."""

    start: float = 5.0  # tokens at the first attempt of a unit
    per_hour: float = 1.0  # that come back
    maximum: float = 8.0  # that one can have


@dataclass(frozen=True)
class Retention:
    """How many days what is kept; what has expired is deleted. None: as long as it lies there."""

    course_ends: str | None = None  # ISO 8601 with a zone; None: with the late period of the last unit
    facts_days: float | None = None  # attempts, marks, files, from the end of the course on
    visits_days: float = 180.0  # which page a student saw last
    written_days: float | None = None  # reports and exports, from their last change on
    copies_days: float | None = None  # copies of databases in data/backups, which an upgrade makes
    gpu_days: float | None = 180.0  # who held GPUs, from the end of each use on; eight days at least


@dataclass(frozen=True)
class Profile:
    """A kind of server that the hub offers; translated for each spawner."""

    name: str
    title: str
    cpus: float = 1.0
    memory_gib: float = 2.0
    gpus: int = 0
    hours: float = 4.0  # the longest that one server may run
    units: tuple[str, ...] = ()  # that it is meant for, as its choice says; none: all
    who: tuple[str, ...] = ()  # is offered it: "student", "ta" or "instructor"; none: everybody
    gpu_idle_minutes: float | None = None  # until a server ends that uses no GPU; None: the course's
    gpu_kind: str = ""  # Slurm: a type such as "a100"; Kubernetes: a resource such as "nvidia.com/mig-1g.5gb"
    partition: str = ""  # of Slurm; empty: the hub's
    account: str = ""  # of Slurm, that its time is charged to; empty: the student's own
    node_labels: tuple[str, ...] = ()  # of Kubernetes, each "key=value", that a node must have
    tolerations: tuple[str, ...] = ()  # of Kubernetes, each "key=value:Effect" or "key:Effect"


@dataclass(frozen=True)
class Unit:
    """One assignment. ``root`` is filled in by the course that lists it."""

    name: str
    title: str
    due: str  # ISO 8601 with a zone
    hours: float  # of work, for an average student
    opens: str | None = None  # ISO 8601; None: when it is released. For factors of the working time
    weight: float = 1.0  # in the total over all units
    runtime: str = "numpy"  # what is warm in the sandbox: "numpy" or "torch"
    libraries: tuple[str, ...] = ()  # further modules that student code may import
    files: tuple[str, ...] = ()  # data and helper files in the unit's folder that are released
    limits: Limits | None = None  # None: the course's
    papers: int | None = None  # None: the course's
    root: Path = field(default=Path(), compare=False, repr=False)

    @property
    def folder(self) -> Path:
        """What an instructor edits: ``assignments/<unit>``."""
        return self.root / "assignments" / self.name

    @property
    def master(self) -> Path:
        """The master notebook as percent text."""
        return self.folder / "notebook.py"

    @property
    def grader(self) -> Path:
        """The hidden checks."""
        return self.folder / "grader.py"

    @property
    def public_checks(self) -> Path:
        """The checks that students see."""
        return self.folder / "checks.py"

    @property
    def mistakes(self) -> Path:
        """Known mistakes and correct variants."""
        return self.folder / "mistakes.py"

    @property
    def reference(self) -> Path:
        """The reference solution, whose docstrings are the assignment text."""
        return self.root / "solutions" / f"{self.name}.py"

    @property
    def release(self) -> Path:
        """What students receive."""
        return self.root / "release" / self.name

    @property
    def released_notebook(self) -> Path:
        """The student notebook."""
        return self.release / f"{self.name}.ipynb"

    @property
    def proof(self) -> Path:
        """The stored proof."""
        return self.root / "proofs" / f"{self.name}.json"

    def read_files(self) -> dict[str, bytes]:
        """The contents of ``files``.

        Raises:
            ConfigError: one is missing, or is no file.
        """
        return {name: self._read_file(name) for name in self.files}

    def _read_file(self, name: str) -> bytes:
        path = self.folder / name
        try:
            return path.read_bytes()
        except OSError as error:
            raise ConfigError(
                f"{CONFIG_NAME}: unit {self.name!r}: files lists {name!r}, but {path} cannot be read: "
                f"{error.strerror}. Put the file there, or correct files=(...)."
            ) from error


@dataclass(frozen=True)
class Course:
    """A course and its units, in the order of teaching."""

    name: str
    title: str
    units: tuple[Unit, ...]
    data: str = "data"  # folder of submissions, results, gradebook and secret; git ignores it
    limits: Limits = Limits()
    papers: int = 16  # sets of inputs for the checks of a unit; each submission gets one of them
    zone: str | None = None  # such as "Europe/Berlin", whose days count; None: the offset of each date
    late: LatePolicy = LatePolicy()
    late_days: int = 0  # that a student may spend over all units, each a day more
    counts: str = "best"  # the attempt that counts: the "best" mark after lateness, or the "last"
    drop_lowest: int = 0  # units that are left out of the total
    disclosure: Disclosure = Disclosure()
    hint_tokens: HintTokens | None = HintTokens()  # None: explanations cost nothing
    profiles: tuple[Profile, ...] = (Profile("small", "NumPy notebook"),)
    retention: Retention = Retention()
    assistants_may: tuple[str, ...] = ()  # what is else for instructors only: of ``RIGHTS``
    gpu_hours_per_week: float | None = None  # of one student, each GPU counted; None: no limit
    gpu_idle_minutes: float | None = None  # until a server that does not use its GPUs ends; None: never
    database: str | None = None  # SQLAlchemy URL of the facts; None: an SQLite file in the data folder
    gradebook: str | None = None  # the same for nbgrader's gradebook
    python: str = HERE  # that grades, as released notebooks and pages say
    mutants_killed: float = 0.95  # the share of non-equivalent mutants that must die
    root: Path = field(default=Path(), compare=False, repr=False)

    @cached_property
    def data_folder(self) -> Path:
        """Where results, submissions, gradebook and secret live."""
        return (self.root / self.data).resolve()

    def results(self, unit: str) -> Path:
        """The folder of one unit's result files."""
        return self.data_folder / "results" / unit

    def unit(self, name: str) -> Unit:
        """The unit of that name.

        Raises:
            UsageError: there is none; the text offers the nearest.
        """
        for unit in self.units:
            if unit.name == name:
                return unit
        raise UsageError(f"no unit {name!r}: {did_you_mean(name, [u.name for u in self.units])}")

    def limits_of(self, unit: Unit) -> Limits:
        """The unit's own limits, or the course's."""
        return unit.limits or self.limits

    def papers_of(self, unit: Unit) -> int:
        """The unit's own number of papers, or the course's."""
        return unit.papers or self.papers


def _is_zone(name: str) -> bool:
    try:
        return bool(ZoneInfo(name).key)
    except (ValueError, OSError, KeyError):  # ZoneInfoNotFoundError is a KeyError
        return False


def _is_moment(text: str) -> bool:
    try:
        return datetime.fromisoformat(text).tzinfo is not None
    except ValueError:
        return False


ROLES = ("student", "ta", "instructor")
RIGHTS = ("release", "extend", "regrade", "hand-out", "export")  # see ``exchange/service/rights.py``
WORD = re.compile(r"[\w.-]{0,64}", re.ASCII)  # it becomes a line of a job's script
KIND = re.compile(r"(?:[\w.-]{1,64}/)?[\w.-]{0,64}", re.ASCII)
LABEL = re.compile(r"[\w./-]{1,128}=[\w.-]{0,63}", re.ASCII)
TOLERATION = re.compile(r"[\w./-]{1,128}(=[\w.-]{0,63})?:(NoSchedule|PreferNoSchedule|NoExecute)", re.ASCII)
WHEN = ("always", "after-due", "never")
# What a value has to be beside its kind; other numbers are not negative.
RULES = {
    "Unit.name": Rule(
        "lower-case letters, digits and underscores, at most 41", re.compile("[a-z][a-z0-9_]{0,40}").fullmatch
    ),
    "Unit.runtime": one_of("numpy", "torch"),
    "Disclosure.*": one_of(*WHEN),
    "Disclosure.after": one_of("own-due", "last-due"),
    "Course.counts": one_of("best", "last"),
    "Course.zone": Rule('a time zone such as "Europe/Berlin"', lambda zone: zone is None or _is_zone(zone)),
    "Unit.papers": Rule("a whole number from 1 to 64", lambda papers: papers is None or 1 <= papers <= 64),
    "Course.papers": Rule("a whole number from 1 to 64", lambda papers: 1 <= papers <= 64),
    "Limits.*": POSITIVE,  # nothing could be graded with none of it
    "Retention.course_ends": Rule(
        "a moment with a time zone such as 2027-03-31T23:59+02:00",
        lambda text: text is None or _is_moment(text),
    ),
    "Retention.*": Rule("a number of days up to 36500", lambda days: days is None or 0 <= days <= 36_500),
    "Profile.cpus": POSITIVE,
    "Profile.memory_gib": POSITIVE,
    "Profile.hours": POSITIVE,
    "Profile.gpu_idle_minutes": POSITIVE,
    "Course.gpu_idle_minutes": POSITIVE,
    "Profile.gpu_kind": Rule('a type such as "a100" or a resource such as "nvidia.com/gpu"', KIND.fullmatch),
    "Profile.partition": Rule("a partition's name", WORD.fullmatch),
    "Profile.account": Rule("an account's name", WORD.fullmatch),
    "Course.python": Rule("a Python such as 3.11", lambda python: python == short(python) != ""),
    "Course.mutants_killed": Rule("a share from 0 to 1", lambda share: 0 <= share <= 1),
}


def find_root(start: Path | None = None) -> Path:
    """The nearest folder upwards with a ``course_config.py``.

    Raises:
        UsageError: there is none.
    """
    here = (start or Path.cwd()).resolve()
    for folder in (here, *here.parents):
        if (folder / CONFIG_NAME).is_file():
            return folder
    raise UsageError(
        f"no {CONFIG_NAME} in {here} or above it. "
        "Go to your course's folder, or make one with 'course init DIR'."
    )


def load_course(start: Path | None = None) -> Course:
    """Load and check the course that ``start`` (or the working directory) lies in.

    The course's root is put on ``sys.path``, so that graders can import ``solutions``.
    ``COURSE_DATA`` in the environment overrides the data folder.

    Raises:
        UsageError: no course is found.
        ConfigError: the file does not run, or a value in it is wrong.
    """
    root = find_root(start)
    course = _execute(root / CONFIG_NAME)
    _check(course)
    data = os.environ.get("COURSE_DATA") or course.data
    units = tuple(replace(unit, root=root) for unit in course.units)
    course = replace(course, root=root, data=data, units=units)
    _import_from(root)
    return course


def _import_from(root: Path) -> None:
    """Make ``solutions`` mean this course's, also where another course was loaded before."""
    folder = [str(root / "solutions")]
    loaded = sys.modules.get("solutions")
    if loaded is None or list(loaded.__path__) != folder:
        for name in [name for name in sys.modules if name.startswith("solutions.")]:
            del sys.modules[name]
        # Made by hand: another course's package on sys.path would be found before a plain folder.
        spec = ModuleSpec("solutions", None, is_package=True)
        spec.submodule_search_locations = folder
        package = importlib.util.module_from_spec(spec)
        vars(package).pop("__file__", None)  # None, at which inspect stumbles: torch asks it on some imports
        sys.modules["solutions"] = package
    if sys.path[:1] != [str(root)]:
        sys.path[:] = [str(root), *(path for path in sys.path if path != str(root))]


def _execute(path: Path) -> Course:
    module = ModuleType("course_config")
    vars(module)["__file__"] = str(path)
    try:  # not by import: its cache tells files apart by size and full seconds
        exec(compile(path.read_bytes(), path, "exec"), vars(module))
    except (Exception, SystemExit) as error:
        raise ConfigError(f"{path} does not run: {type(error).__name__}: {error}") from error
    course = getattr(module, "course", None)
    if not isinstance(course, Course):
        raise ConfigError(f"{path}: expected a line 'course = Course(...)', found {type(course).__name__}")
    return course


def _check(course: Course) -> None:
    """Refuse the first value that is not what its field wants.

    Raises:
        ConfigError: it names the field, what was expected and what came.
    """
    for fault in faults(course, "", RULES):
        raise ConfigError(f"{CONFIG_NAME}: {_by_name(course, fault)}")
    names = [unit.name for unit in course.units]
    for unit in course.units:
        where = f"{CONFIG_NAME}: unit {unit.name!r}"
        if names.count(unit.name) > 1:
            raise ConfigError(f"{where} is listed {names.count(unit.name)} times, expected once")
        _check_moment(where, "due", unit.due)
        if unit.opens is not None:
            _check_moment(where, "opens", unit.opens)
    for right in course.assistants_may:
        if right not in RIGHTS:
            raise ConfigError(f"{CONFIG_NAME}: assistants_may has {right!r}: {did_you_mean(right, RIGHTS)}")
    for number, profile in enumerate(course.profiles):
        _check_profile(profile, names, first=not number)


def _check_profile(profile: Profile, units: list[str], first: bool) -> None:
    where = f"{CONFIG_NAME}: profile {profile.name!r}"
    for field_name, values, known in (("units", profile.units, units), ("who", profile.who, ROLES)):
        for value in values:
            if value not in known:
                raise ConfigError(f"{where}: {field_name} has {value!r}: {did_you_mean(value, known)}")
    labels = ("node_labels", profile.node_labels, LABEL, "gpu=a100")
    tolerations = ("tolerations", profile.tolerations, TOLERATION, "gpu=true:NoSchedule")
    for field_name, values, form, such in (labels, tolerations):
        for value in values:
            if not form.fullmatch(value):
                raise ConfigError(f"{where}: {field_name} has {value!r}, expected a text such as {such!r}")
    if first and profile.who:
        raise ConfigError(
            f"{where} is the first one, which whoever does not choose gets: expected no who=(...)"
        )


def _by_name(course: Course, fault: str) -> str:
    """A fault of ``units[3].hours`` is told by the unit's name, which is easier to find."""
    found = re.match(r"units\[(\d+)\]\.(?!name )", fault)
    return f"unit {course.units[int(found[1])].name!r}: {fault[found.end() :]}" if found else fault


def _check_moment(where: str, name: str, text: str) -> None:
    try:
        moment = datetime.fromisoformat(text)
    except (TypeError, ValueError) as error:
        expected = "expected ISO 8601 such as 2027-01-17T23:59+01:00"
        raise ConfigError(f"{where}: {name} is {text!r}, {expected}") from error
    if moment.tzinfo is None:
        raise ConfigError(f"{where}: {name} {text!r} has no time zone; add one, such as +01:00")
