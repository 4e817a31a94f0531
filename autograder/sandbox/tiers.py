"""The isolation tiers and the command lines that start a zygote in them.

walled   bubblewrap around the zygote: no network, no host processes, and only
         Python, the libraries and an empty scratch folder to be seen. Then, per
         submission, namespaces of its own, and per test Landlock, limits and the
         filter on system calls.
fenced   the same without bubblewrap and namespaces, for containers that forbid
         them. Files can be named (not read), and nothing can be written.
none     a plain process with time limits. For one's own trusted code.

As root, bubblewrap makes no user namespace: it can then mount folders that lie
under a home of mode 0700, and the zygote gives up root for an unused number before
it loads anything. As anybody else, bubblewrap makes a user namespace.
"""

from __future__ import annotations

import os
import pwd
import shutil
import sys
from dataclasses import dataclass
from pathlib import Path

from ..base.errors import NotInstalled, UsageError, did_you_mean
from . import libraries

TIERS = ("walled", "fenced", "none")
INSIDE = Path(__file__).resolve().parent.parent / "inside"

_RUNTIME, _SITE, _SCRATCH = "/runtime", "/runtime/site", "/scratch"
_EXTRA = ("/etc/ld.so.cache", "/sys/devices/system/cpu")  # where libraries are; what the processor can
_DEVICES = ("/dev/null", "/dev/urandom")  # torch seeds its generators from the latter
_SYSTEM = ("/usr/lib", "/usr/lib64", "/lib", "/lib64")
_CODE = (
    "import sys; sys.path[:0] = sys.argv[2:]; "
    "from inside.process.start import main; sys.path.remove(sys.argv[2]); main()"
)
_UNUSED_USERS = range(61184, 65520)  # what systemd sets aside for users that exist for a moment only


@dataclass(frozen=True)
class Launch:
    """How to start one zygote; ``{info}`` and ``{sock}`` in the command are numbers of descriptors."""

    command: tuple[str, ...]
    environment: dict[str, str]
    readable: tuple[str, ...]  # paths as the zygote sees them
    scratch: str
    uid: int | None  # what the zygote becomes


def launch(tier: str, runtime: str, names: tuple[str, ...], folder: Path, inside: Path = INSIDE) -> Launch:
    """Prepare ``folder`` (a private temporary one) and the command of one zygote.

    Raises:
        UsageError: no such tier, or one that this system cannot offer.
        NotInstalled: a program or library is missing.
    """
    if tier not in TIERS:
        raise UsageError(f"no isolation tier {tier!r}: {did_you_mean(tier, TIERS)}")
    if not hasattr(os, "fork"):
        raise UsageError("this system cannot fork, so nothing can be graded on it; use Linux or macOS")
    if tier != "none" and sys.platform != "linux":
        raise UsageError(f"tier {tier!r} needs Linux. For your own trusted code there is --isolation none.")
    found = libraries.entries(runtime, names)
    return _walled(found, inside) if tier == "walled" else _plain(found, folder, inside)


def _walled(found: tuple[Path, ...], inside: Path) -> Launch:
    program = shutil.which("bwrap")
    if program is None:
        raise NotInstalled(
            "bubblewrap is not installed, and tier 'walled' needs it "
            "(Debian and Ubuntu: apt install bubblewrap libseccomp2). See 'course doctor'."
        )
    uid = _unused_user() if os.geteuid() == 0 else None
    python = libraries.python_paths()
    command = [
        program,
        *("--unshare-net", "--unshare-pid", "--unshare-ipc", "--unshare-uts", "--unshare-cgroup-try"),
        *(["--unshare-user"] if uid is None else _capabilities("CAP_SETUID", "CAP_SETGID")),
        *("--info-fd", "{info}", "--new-session", "--hostname", "sandbox"),
        *_folders(
            *python,
            Path(_interpreter()),
            Path(_SITE, "any"),
            Path(_SCRATCH, "any"),
            *map(Path, _EXTRA),
            *map(Path, _DEVICES),
        ),
        *_system_mounts(),
        *_read_only(*(str(path) for path in (*python, Path(_interpreter())))),
        *("--ro-bind", str(inside), f"{_RUNTIME}/inside"),
        *(word for path in found for word in ("--ro-bind", str(path.resolve()), f"{_SITE}/{path.name}")),
        *("--perms", "1777", "--size", str(16 << 20), "--tmpfs", _SCRATCH),  # while warming up
        *("--proc", "/proc", "--remount-ro", "/", "--chdir", _SCRATCH, "--"),
        *_python(_RUNTIME, _SITE),
    ]
    readable = (*map(str, python), *_SYSTEM, *_DEVICES, _RUNTIME)
    return Launch(tuple(command), _environment(_SCRATCH), readable, _SCRATCH, uid)


def _plain(found: tuple[Path, ...], folder: Path, inside: Path) -> Launch:
    runtime, site, scratch = folder / "runtime", folder / "site", folder / "scratch"
    for each in (runtime, site, scratch):
        each.mkdir(mode=0o700)
    (runtime / "inside").symlink_to(inside)
    for path in found:
        (site / path.name).symlink_to(path)
    readable = (
        *libraries.python_paths(),
        *_SYSTEM,
        *_DEVICES,
        *(path.resolve() for path in found),
        inside,
        runtime,
        site,
    )
    command = _python(str(runtime), str(site))
    return Launch(command, _environment(str(scratch)), tuple(map(str, readable)), str(scratch), None)


def _python(runtime: str, site: str) -> tuple[str, ...]:
    """Python without site-packages, without the working folder, without the user's settings."""
    return (_interpreter(), "-P", "-S", "-s", "-B", "-c", _CODE, "{sock}", runtime, site)


def _interpreter() -> str:
    """The interpreter itself, not the environment's link to it."""
    return os.path.realpath(getattr(sys, "_base_executable", sys.executable))


def _environment(scratch: str) -> dict[str, str]:
    """All that student code can find in ``os.environ``. One thread; the same hashes in every run."""
    one = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "NUMEXPR_NUM_THREADS")
    return {
        "LANG": "C.UTF-8",
        "TZ": "UTC",
        "HOME": scratch,
        "TMPDIR": scratch,
        "MPLBACKEND": "Agg",
        "PYTHONHASHSEED": "0",
        "PYTHONUTF8": "1",
        **dict.fromkeys(one, "1"),
    }


def _capabilities(*kept: str) -> list[str]:
    return ["--cap-drop", "ALL", *(word for name in kept for word in ("--cap-add", name))]


def _system_mounts() -> list[str]:
    words: list[str] = []
    for path in map(Path, _SYSTEM):
        if path.is_symlink():
            words += ["--symlink", os.readlink(path), str(path)]
        elif path.is_dir():
            words += _read_only(str(path))
    for extra in _EXTRA:
        words += ["--ro-bind-try", extra, extra]
    for device in _DEVICES:
        words += ["--dev-bind-try", device, device]
    return words


def _folders(*paths: Path) -> list[str]:
    """Make the folders above ``paths`` first: those that bubblewrap makes by itself are root's alone."""
    system = [Path(path) for path in _SYSTEM]
    above = dict.fromkeys(folder for path in (*paths, *system) for folder in reversed(path.parents[:-1]))
    return [word for folder in above if not _lies_in(folder, system) for word in ("--dir", str(folder))]


def _lies_in(folder: Path, others: list[Path]) -> bool:
    return any(folder.is_relative_to(other) for other in others)


def _read_only(*paths: str) -> list[str]:
    return [word for path in paths for word in ("--ro-bind", path, path)]


def _unused_user() -> int:
    """A user number that nobody has; another for each process that asks, as far as they go."""
    taken = {entry.pw_uid for entry in pwd.getpwall()}
    start = os.getpid() % len(_UNUSED_USERS)
    numbers = [*_UNUSED_USERS[start:], *_UNUSED_USERS[:start]]
    return next(number for number in numbers if number not in taken)
