"""What a hub leaves open by its options, in sentences for its operator."""

from __future__ import annotations

from collections.abc import Iterator

from ...base.errors import UsageError
from ...base.files import write_private
from ...course import Course
from .options import Options, hub_folder, options_from_json
from .origins import OPEN

NOT_ISOLATED = (
    "The spawner 'simple' runs everybody's server as the user who started the hub: whoever logs in can "
    "read everybody's files, the course folder and the gradebook. It is for trying things out and for a "
    "machine of your own. infra/README.md has the spawners that isolate."
)

UNNAMED_PROXY = (
    "No --trusted-proxy is given: behind a reverse proxy all people then have its address, and somebody who "
    "guesses passwords slows the login of everybody who uses a new browser. Give the proxy's address as this "
    "machine sees it, such as 127.0.0.1, if one stands in front."
)


def left_open(options: Options) -> Iterator[str]:
    """One sentence for each thing."""
    if options.spawner == "simple":
        yield NOT_ISOLATED
    if options.shared_origin and options.is_public:
        yield OPEN
    in_front = options.behind_tls or (options.public_url and not options.tls_key)
    if in_front and not options.trusted_proxies:
        yield UNNAMED_PROXY


def note(course: Course, options: Options) -> None:
    """Keep the options for ``course doctor``."""
    write_private(hub_folder(course) / "options.json", options.to_json())


def last_options(course: Course) -> Options | None:
    """The options of the hub that was started here last; None where none was, or one of another release."""
    kept = hub_folder(course) / "options.json"
    try:
        return options_from_json(kept.read_text(encoding="utf-8"))
    except (OSError, TypeError, ValueError):
        return None


def options_of_last_start(course: Course) -> Options:
    """The options with which the course's hub was last started.

    Raises:
        UsageError: no hub of this course was ever started.
    """
    options = last_options(course)
    if options is None:
        raise UsageError(
            f"no hub was started for {course.root} yet. Start it with 'course hub', then ask again."
        )
    return options


def left_open_by_last_start(course: Course) -> list[str]:
    """The sentences of that hub; none where none was."""
    options = last_options(course)
    return list(left_open(options)) if options else []
