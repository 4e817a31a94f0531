"""What students wrote, made fit to stand in a page that somebody else opens.

Plain text (messages of exceptions, names, outputs) goes through ``plain`` and is
escaped by the template. Markdown goes through ``markdown_to_html``. HTML from
elsewhere goes through ``clean``. Nothing that runs, loads or deceives is left. What
comes in any number is ``capped``.
"""

from __future__ import annotations

import os
import re
import unicodedata
from collections.abc import Sequence
from functools import cache
from typing import Any

SHORT = 400  # characters of a name or a sentence
LONG = 4000  # characters of a reason or a code cell

_TAGS = {
    *("a", "abbr", "blockquote", "br", "code", "dd", "del", "div", "dl", "dt", "em", "h1", "h2", "h3", "h4"),
    *("h5", "h6", "hr", "i", "b", "img", "ins", "kbd", "li", "ol", "p", "pre", "s", "span", "strong", "sub"),
    *("sup", "table", "tbody", "td", "th", "thead", "tr", "u", "ul"),
}
_ATTRIBUTES = {
    "a": {"href", "title"},
    "img": {"src", "alt", "title"},
    "td": {"align"},
    "th": {"align"},
    "code": {"class"},
    "span": {"class"},
    "div": {"class"},
    "ol": {"start"},
}
_IMAGES = ("data:image/png;base64,", "data:image/jpeg;base64,", "data:image/gif;base64,")
_CONTENT_GONE = {"script", "style", "iframe", "object", "embed", "template", "noscript", "title", "textarea"}

_CONTROL = re.compile("[\x00-\x08\x0b\x0e-\x1a\x1c-\x1f\x7f]")


def plain(text: str | None, limit: int = LONG) -> str:
    """The text with everything invisible made visible and its length bounded.

    Direction marks, zero-width and control characters become ``\\u202e`` and the like;
    newlines and tabs stay. HTML is not escaped here: templates do that.

    >>> plain("a\\u200bb")
    'a\\\\u200bb'
    """
    text = text or ""
    rest = len(text) - limit
    if rest > 0:
        return f"{plain(text[:limit], limit)} … ({rest:,} more characters)"
    if text.isprintable():
        return text
    odd = {ord(letter): visible for letter in set(text) if (visible := _visible(letter)) != letter}
    return text.translate(odd) if odd else text


def legible(text: str) -> str:
    """The text as it is, but for what no page can hold: half characters and control characters become words.

    Blanks of all kinds stay, and ESC, which begins a terminal's colour.

    >>> legible("a\\0b\\ud800")
    'a\\\\x00b\\\\ud800'
    """
    text = text.encode("utf-8", "backslashreplace").decode()
    return _CONTROL.sub(lambda found: f"\\x{ord(found[0]):02x}", text)


def printable(name: str) -> str:
    """A file's name that can stand in any text and on any terminal; bytes that are no UTF-8 as written."""
    text = os.fsencode(name).decode("utf-8", "backslashreplace")
    return "".join(c if c.isprintable() else c.encode("unicode_escape").decode() for c in text)


def capped(texts: Sequence[str], most: int, kind: str = "") -> list[str]:
    """The first of the texts, and how many more there are.

    >>> capped(["a.txt", "b.txt", "c.txt"], 1, "files")
    ['a.txt', 'and 2 more files']
    """
    left = len(texts) - most
    return [*texts[:most], f"and {left} more {kind}".rstrip()] if left > 0 else list(texts)


def _visible(letter: str) -> str:
    if letter in "\n\t" or letter.isprintable() or letter == "\u00a0":
        return letter
    if unicodedata.category(letter) == "Zs":
        return " "
    return f"\\u{ord(letter):04x}" if ord(letter) < 0x10000 else f"\\U{ord(letter):08x}"


def clean(html: str) -> str:
    """HTML reduced to text, tables, links and small pictures; nothing is fetched from elsewhere."""
    import nh3  # here, since most who import this module have no HTML

    return nh3.clean(
        html,
        tags=_TAGS,
        clean_content_tags=_CONTENT_GONE,
        attributes=_ATTRIBUTES,
        attribute_filter=_attribute,
        url_schemes={"http", "https", "mailto", "data"},
        link_rel="noopener noreferrer nofollow",
    )


def _attribute(tag: str, name: str, value: str) -> str | None:
    address = value.strip().lower()
    if name == "src":  # a picture from another server would tell it who reads
        return value if address.startswith(_IMAGES) else None
    if name == "href":
        return value if address.startswith(("http://", "https://", "mailto:", "#")) else None
    return value


@cache
def _markdown() -> Any:
    from markdown_it import MarkdownIt

    return MarkdownIt("commonmark", {"html": False}).enable("table").enable("strikethrough")


def markdown_to_html(text: str | None, limit: int = LONG) -> str:
    """Markdown as safe HTML; HTML inside it is shown as text."""
    html: str = _markdown().render(plain(text, limit))
    return clean(html)
