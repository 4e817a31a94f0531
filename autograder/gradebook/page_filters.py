"""How nbgrader's pages turn what a student wrote into HTML: nothing of it runs, and none of it takes long.

These filters stand in for nbconvert's of the same names. Each text has a limit of processor time, and so has
a whole page. What reaches one is shown as it was typed, with a sentence that says so: a reader can
always read and mark.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, MutableMapping
from functools import cache
from html import escape
from typing import Any
from urllib.parse import unquote

from jinja2 import pass_context
from jinja2.runtime import Context

from ..base.cpu_limit import TakesTooLong, cpu_limit
from ..base.text import clean, legible

FILTERS = {
    "markdown2html": f"{__name__}.markdown",
    "highlight_code": f"{__name__}.highlighted",
    "ansi2html": f"{__name__}.coloured",
    "as_typed": f"{__name__}.as_it_is",
    "strip_files_prefix": f"{__name__}.unchanged",  # quadratic, for addresses that IPython had in 2013
}
PLAIN = "as_typed"  # in a page's resources: whether nothing is laid out
SPENT = "seconds_spent"  # in a page's resources: on laying out so far

TEXT_SECONDS = 1.0  # of processor time, for one text
PAGE_SECONDS = 3.0  # for all texts of a page
MOST = 100_000  # characters of a text
PICTURE_BYTES = 8_000_000  # of all pictures in one text, encoded

TOO_LONG = "This text takes too long to lay out, so it is shown as it was typed."
NOT_LAID_OUT = "This text is shown as it was typed."
NO_PICTURE = "(a picture that is not in the file)"
TOO_MANY_PICTURES = "(a picture that is left out: there are too many in this cell)"
_PICTURES = ("image/png", "image/jpeg", "image/gif")


@pass_context
def markdown(context: Context, source: str) -> str:
    """Markdown with formulas and with the pictures that were pasted into its cell."""
    attachments = (context.get("cell") or {}).get("attachments")
    pictures = attachments if isinstance(attachments, Mapping) else {}
    return _laid_out(context, source, lambda text: markdown_as_html(text, pictures))


def markdown_as_html(text: str, pictures: Mapping[str, Any]) -> str:
    """nbconvert's rendering without what could run: its own lets ``<script>`` through.

    Args:
        text: of a cell.
        pictures: the cell's attachments.
    """
    return clean(_rendered(text, pictures))


@pass_context
def highlighted(context: Context, source: str, metadata: Any = None) -> str:
    """Code in the colours of its words."""
    return _laid_out(context, source, lambda text: str(_highlighter()(text)))


@pass_context
def coloured(context: Context, text: str) -> str:
    """An output with the colours of a terminal; it already stands in a ``<pre>``."""
    from nbconvert.filters.ansi import ansi2html

    return _laid_out(context, text, lambda shown: str(ansi2html(shown)), lambda shown, why: escape(shown))


def unchanged(text: str) -> str:
    """A text as it comes."""
    return text


def as_it_is(text: str) -> str:
    """What is neither Markdown nor code."""
    return escape(_bounded(legible(text)))


def as_typed(text: str, why: str) -> str:
    """A text without any layout."""
    return f"<p><em>{escape(why)}</em></p>\n<pre>{escape(text)}</pre>"


def _laid_out(
    context: Context,
    text: str,
    lay_out: Callable[[str], str],
    otherwise: Callable[[str, str], str] = as_typed,
) -> str:
    """What ``lay_out`` makes of a text, or ``otherwise`` where that takes too long."""
    resources = context.get("resources")
    page: MutableMapping[str, Any] = resources if isinstance(resources, MutableMapping) else {}
    left = min(TEXT_SECONDS, PAGE_SECONDS - page.get(SPENT, 0.0))
    shown = legible(text)
    if len(shown) > MOST or page.get(PLAIN):
        return otherwise(_bounded(shown), NOT_LAID_OUT)
    if left <= 0:
        return otherwise(shown, TOO_LONG)
    begun = time.process_time()
    try:
        with cpu_limit(left):
            return lay_out(shown)
    except (TakesTooLong, RecursionError):
        return otherwise(shown, TOO_LONG)
    finally:
        page[SPENT] = page.get(SPENT, 0.0) + time.process_time() - begun


def _bounded(text: str) -> str:
    left = len(text) - MOST
    return f"{text[:MOST]} … ({left:,} more characters)" if left > 0 else text


def _rendered(text: str, attachments: Mapping[str, Any]) -> str:
    from nbconvert.filters.markdown_mistune import MarkdownWithMath

    rendered: str = MarkdownWithMath(renderer=_renderer()(attachments)).render(text)
    return rendered


@cache
def _renderer() -> Any:
    from nbconvert.filters.markdown_mistune import IPythonRenderer

    class Renderer(IPythonRenderer):
        """nbconvert's, which refuses the whole notebook where a picture was pasted elsewhere."""

        def __init__(self, pasted: Mapping[str, Any]) -> None:
            super().__init__(escape=False)
            self.pasted = pasted
            self.room = PICTURE_BYTES

        def image(self, text: str, url: str, title: str | None = None) -> str:
            """A picture of the cell's own, or a word in its place."""
            kind, _, name = url.partition(":")
            if kind == "attachment":
                address = _address(self.pasted, name)
                self.room -= len(address)
                if not address or self.room < 0:
                    return escape(f"{text} {TOO_MANY_PICTURES if address else NO_PICTURE}")
                url = address
            drawn: str = super().image(text, url, title)
            return drawn

    return Renderer


def _address(pasted: Mapping[str, Any], name: str) -> str:
    """The picture of that name as an address that holds it; empty where there is none."""
    bundle = pasted.get(name, pasted.get(unquote(name)))
    for kind in _PICTURES if isinstance(bundle, Mapping) else ():
        data = bundle.get(kind)
        if isinstance(data, str):
            return f"data:{kind};base64,{''.join(data.split())}"
    return ""


@cache
def _highlighter() -> Any:
    from nbconvert.filters.highlight import Highlight2HTML

    return Highlight2HTML(pygments_lexer="ipython3")
