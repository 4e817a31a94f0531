"""What an exception's message means, in a sentence of ours.

The message of an exception comes from the student's process, which may make up any text
(``exec("ra" "ise ValueError(...)")``), hidden inputs included. So none is told. A message that is one of the
libraries' becomes a sentence of a fixed list (``sentences``), and nothing of it goes into that sentence
but names that stand in the student's own source.
"""

from __future__ import annotations

import re
from collections.abc import Container, Mapping
from dataclasses import dataclass
from functools import cache, lru_cache
from typing import Any

from .sentences import KINDS, SENTENCES

LONGEST_MESSAGE = 500  # characters that the host sends
_HOLE = re.compile(r"\{(\w*)\}")
_NAME = re.compile(r"[^\W\d]\w*(?:\.[^\W\d]\w*)*")
_TYPES = ("kind", "other")  # holes for the name of a type


@dataclass(frozen=True)
class Said:
    """What a message means."""

    kind: str  # the library's words
    sentence: str
    names: Mapping[str, str]  # what stands in the holes of ``kind`` that have a name


class Everything:
    """The names of code that is trusted."""

    def __contains__(self, word: object) -> bool:
        return True


def said(claim: Mapping[str, Any]) -> Said | None:
    """What the exception of a claim says; of a submission's, ``texts`` has found it out."""
    known = claim.get("said")
    if isinstance(known, Said) or "said" in claim:
        return known if isinstance(known, Said) else None
    return meaning(claim.get("class"), claim.get("message"), Everything())


def missing_name(claim: Mapping[str, Any]) -> str:
    """The name that was not there, an attribute with a point before it; empty where it was something else."""
    if claim.get("ours"):
        return str(claim.get("message", "")) if claim.get("class") == "NameMissing" else ""
    found = said(claim)
    name = found.names.get("name", "") if found is not None else ""
    if found is None or not name:
        return ""
    return {"NameError": name, "AttributeError": f".{name}"}.get(str(claim.get("class")), "")


def meaning(kind: Any, message: Any, words: Container[str]) -> Said | None:
    """What a message means; None where it is none of the libraries', or names what the source does not.

    Args:
        kind: the name of the exception's class.
        message: its text.
        words: the names that stand in the student's source.
    """
    if not isinstance(message, str):
        return None
    text = message[:LONGEST_MESSAGE].split("\n")[0].strip()
    if kind == "KeyError":
        return _lacking_key(text, words)
    return next(filter(None, (_filled(template, text, words) for template in _beginning(text[:1]))), None)


def _lacking_key(text: str, words: Container[str]) -> Said | None:
    name = text.strip("'\"")
    known = _NAME.fullmatch(name) is not None and name in words
    return Said("KeyError", f"There is no key {name!r}.", {"name": name}) if known else None


@dataclass(frozen=True)
class _Template:
    words: str
    pieces: tuple[str, ...]  # the fixed parts, around the holes
    holes: tuple[str, ...]
    sentence: str


@cache
def _templates() -> tuple[_Template, ...]:
    """The list, taken apart once."""
    parts = ((words, _HOLE.split(words), sentence) for words, sentence in SENTENCES)
    return tuple(
        _Template(words, tuple(split[::2]), tuple(split[1::2]), sentence) for words, split, sentence in parts
    )


@lru_cache(maxsize=256)  # the letter is the student's
def _beginning(letter: str) -> tuple[_Template, ...]:
    """Those that may begin so, which are few."""
    return tuple(each for each in _templates() if each.pieces[0][:1] in ("", letter))


def _filled(template: _Template, text: str, words: Container[str]) -> Said | None:
    found = _holes(template.pieces, text)
    if found is None:
        return None
    names = {hole: filling for hole, filling in zip(template.holes, found, strict=True) if hole}
    told = {hole: _told(hole, filling, words) for hole, filling in names.items()}
    if None in told.values():
        return None
    sentence = template.sentence.format_map(told)
    return Said(template.words, sentence[0].upper() + sentence[1:] if "kind" in told else sentence, names)


def _holes(pieces: tuple[str, ...], text: str) -> list[str] | None:
    """What stands between the pieces, each taken where it comes first; None where one does not come.

    In one pass: a message is the student's and may be made to take long.
    """
    if not text.startswith(pieces[0]):
        return None
    at, found = len(pieces[0]), []
    for piece in pieces[1:-1]:
        next_at = text.find(piece, at)
        if next_at < 0:
            return None
        found.append(text[at:next_at])
        at = next_at + len(piece)
    if len(pieces) > 1:
        last = len(text) - len(pieces[-1])
        if last < at or not text.endswith(pieces[-1]):
            return None
        found.append(text[at:last])
    return found if len(pieces) > 1 or text == pieces[0] else None


def _told(hole: str, filling: str, words: Container[str]) -> str | None:
    """A name as it is told, or None where it must not be: it does not stand in the source."""
    if _NAME.fullmatch(filling) is None:
        return None
    parts = filling.split(".")
    if hole in _TYPES and parts[-1] in KINDS:
        return KINDS[parts[-1]]
    if not all(part in words for part in parts):
        return None
    return f"an object of the class {parts[-1]}" if hole in _TYPES else filling
