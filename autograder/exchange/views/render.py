"""Fills the exchange's templates; nothing in them runs but the scripts that lie beside them."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import datetime
from functools import cache
from pathlib import Path
from typing import Any

import jinja2
from markupsafe import Markup

from ...base.text import markdown_to_html
from ...pages.render import TEMPLATES, day, environment
from ...results.late import parse_time
from ..store.hints import duration
from . import words
from .overview import Overview

FOLDER = Path(__file__).parents[1] / "templates"
SCRIPT = FOLDER / "exchange.js"
TYPING_SCRIPT = FOLDER / "typing.js"
MARKING_SCRIPT = FOLDER / "marking.js"
STATES = {
    "waiting": ("waiting in line", "wait"),
    "grading": ("being graded now", "wait"),
    "graded": ("graded", "good"),
    "broken": ("a fault of ours", "bad"),
    "troubled": ("staff look at it", "bad"),
}


def page(template: str, prefix: str, *, live: bool = False, **values: Any) -> str:
    """One page; ``live`` ones look again by themselves while somebody waits."""
    return _environment().get_template(template).render(prefix=prefix, live=live, states=STATES, **values)


@cache
def stylesheet() -> str:
    """The style of the feedback pages, and what forms need beside it."""
    files: tuple[Path, ...] = (TEMPLATES / "style.css", FOLDER / "exchange.css", FOLDER / "marking.css")
    return "".join(path.read_text(encoding="utf-8") for path in files)


Moment = str | datetime | None


def when(moment: Moment, zone: Moment = None) -> str:
    """A moment as people write it, in the zone of ``zone`` (another moment)."""
    local = _local(moment, zone)
    return "" if local is None else day(local)


def short_moment(moment: Moment, zone: Moment) -> str:
    """The same for tables, without the zone, which stands above them."""
    local = _local(moment, zone)
    return "" if local is None else f"{local.day} {local:%b %Y, %H:%M}"


def _local(moment: Moment, zone: Moment) -> datetime | None:
    found, other = (each if isinstance(each, datetime) else parse_time(each) for each in (moment, zone))
    return found.astimezone(other.tzinfo) if found is not None and other is not None else found


def size(count: int) -> str:
    """Bytes as people write them."""
    return (
        f"{count} bytes"
        if count < 1000
        else f"{count / 1e3:.0f} kB"
        if count < 1e6
        else f"{count / 1e6:.1f} MB"
    )


def past(due: datetime, now: datetime) -> bool:
    """Whether a due date is over."""
    return now >= due


def markdown(text: str) -> Markup:
    """Markdown as HTML in which nothing runs."""
    return Markup(markdown_to_html(text))


def lines_in(views: Iterable[Overview], *states: str) -> int:
    """How many attempts are in one of these states."""
    return sum(line.state in states for view in views for line in view.lines)


@cache
def _environment() -> jinja2.Environment:
    filters: dict[str, Callable[..., Any]] = {
        "when": when,
        "moment": short_moment,
        "size": size,
        "wait": duration,
        "past": past,
        "lines_in": lines_in,
        "markdown": markdown,
        "rule": words.rule,
        "worth": words.worth,
        "exemption": words.exemption,
    }
    return environment({"exchange": FOLDER}, filters)
