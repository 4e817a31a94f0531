"""Self-contained HTML pages: one file each, nothing is loaded and nothing foreign can run.

The policy in each page allows no address at all, and of scripts only the one that
is built in, by its digest. So even text that slipped through escaping stays text.
"""

from __future__ import annotations

import base64
import hashlib
import re
from collections.abc import Callable, Mapping
from datetime import datetime
from functools import cache
from pathlib import Path
from typing import Any

import jinja2
from markupsafe import Markup, escape

from ..base.text import LONG, SHORT, plain

TEMPLATES = Path(__file__).parent / "templates"


def render(template: str, **values: Any) -> str:
    """Fill one template; ``style`` and ``policy`` are provided."""
    style = (TEMPLATES / "style.css").read_text(encoding="utf-8")
    script = (TEMPLATES / "copy.js").read_text(encoding="utf-8")
    page = _pages().get_template(template)
    return page.render(style=Markup(style), script=Markup(script), policy=policy(script), **values)


def policy(script: str) -> str:
    """A Content-Security-Policy that allows inline styles and this one script."""
    digest = base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()
    return (
        f"default-src 'none'; script-src 'sha256-{digest}'; style-src 'unsafe-inline'; img-src data:; "
        "base-uri 'none'; form-action 'none'"
    )


def sentence(text: str | None) -> Markup:
    """Plain text on one paragraph, with `code` in backticks."""
    return _spans(plain(text))


def short(text: str | None) -> str:
    """A name or a title."""
    return plain(text, SHORT)


def code(text: str | None) -> str:
    """What a student wrote, shown as code."""
    return plain(text, LONG)


def number(value: float | None) -> str:
    """Points without needless digits; a dash where there is none."""
    if value is None:
        return "–"
    text = f"{value:.2f}".rstrip("0").rstrip(".")
    return "0" if text == "-0" else text


def day(moment: datetime) -> str:
    """A moment as people write it, with its zone."""
    zone = moment.strftime("%z")
    return f"{moment.day} {moment:%B %Y, %H:%M} UTC{zone[:3]}:{zone[3:]}".replace(" UTC+00:00", " UTC")


def _spans(text: str) -> Markup:
    parts = re.split(r"`([^`\n]{1,200})`", text)
    return Markup("").join(
        Markup(f"<code>{escape(part)}</code>") if i % 2 else escape(part) for i, part in enumerate(parts)
    )


@cache
def _pages() -> jinja2.Environment:
    return environment()


def environment(
    folders: Mapping[str, Path] | None = None, filters: Mapping[str, Callable[..., Any]] | None = None
) -> jinja2.Environment:
    """Templates in which all text is escaped and a missing value is an error.

    Args:
        folders: templates of other packages by the name that stands before theirs.
        filters: what these need beside the common ones.
    """
    others = {name: jinja2.FileSystemLoader(folder) for name, folder in (folders or {}).items()}
    made = jinja2.Environment(
        loader=jinja2.ChoiceLoader([jinja2.FileSystemLoader(TEMPLATES), jinja2.PrefixLoader(others)]),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    made.filters |= {"sentence": sentence, "short": short, "points": number, "day": day, "code": code}
    made.filters |= filters or {}
    return made
