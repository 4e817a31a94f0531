"""Whether the values of a dataclass are of the kinds that its annotations say.

Python does not look: a forgotten comma or a damaged file makes an object all the same, which
fails somewhere else much later. What a kind alone cannot say (a number above zero, one of a few
words) is a rule. Numbers are always finite, and where no rule speaks, not negative.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, fields, is_dataclass
from functools import cache
from pathlib import Path
from types import NoneType, UnionType
from typing import Any, Union, get_args, get_origin, get_type_hints


@dataclass(frozen=True)
class Rule:
    """What a value has to be beside its kind."""

    expected: str  # in words: "a positive number"
    holds: Callable[[Any], object]


UNIONS = (Union, UnionType)
Rules = Mapping[str, Rule]  # by "Class.field", or "Class.*" for each field of a class
NUMBER = Rule("a number that is not negative", lambda value: value >= 0)
POSITIVE = Rule("a positive number", lambda value: value > 0)


def one_of(*words: str) -> Rule:
    """One of these texts."""
    return Rule(" or ".join([", ".join(map(repr, words[:-1])), repr(words[-1])]), words.__contains__)


def faults(value: Any, where: str, rules: Rules) -> Iterator[str]:
    """What is wrong with the fields of a dataclass and of those in it, one sentence each."""
    kind = type(value).__name__
    for field in _fields(type(value)):  # type: ignore[arg-type]  # a class is hashable
        item = getattr(value, field.name)
        rule = (rules.get(f"{kind}.{field.name}") or rules.get(f"{kind}.*")) if rules else None
        if rule is None and field.fits(item) and (field.simple or (type(item) is float and item >= 0)):
            continue  # most: a class has thousands of result files
        yield from _faults(item, field.hint, f"{where}{field.name}", rule, rules)


def _faults(value: Any, hint: Any, where: str, rule: Rule | None, rules: Rules) -> Iterator[str]:
    if not _test_of(hint)(value):
        yield f"{where} is {_shown(value)}, expected {_words(hint, rule)}"
    elif is_dataclass(value):
        yield from faults(value, f"{where}.", rules)
    elif isinstance(value, (tuple, list)):
        for number, item in enumerate(value):
            yield from _faults(item, get_args(hint)[0], f"{where}[{number}]", None, rules)
    elif rule is None and isinstance(value, (int, float)) and not isinstance(value, bool):
        yield from _faults(value, hint, where, NUMBER, rules)
    elif rule is not None and value is not None and not rule.holds(value):
        yield f"{where} is {_shown(value)}, expected {rule.expected}"


@dataclass(frozen=True)
class _Field:
    """A field of a dataclass."""

    name: str
    hint: Any
    fits: Callable[[Any], bool]  # whether a value is of its kind
    simple: bool  # there is no more to ask of a value than its kind


@cache
def _fields(kind: Any) -> tuple[_Field, ...]:
    """The fields of a dataclass; folders are not written by anybody."""
    hints = {name: hint for name, hint in get_type_hints(kind).items() if hint is not Path}
    return tuple(
        _Field(each.name, hints[each.name], _test_of(hints[each.name]), _is_simple(hints[each.name]))
        for each in fields(kind)
        if each.name in hints
    )


def _is_simple(hint: Any) -> bool:
    kinds = get_args(hint) if get_origin(hint) in UNIONS else (hint,)
    return all(kind in (str, bool, NoneType) or get_origin(kind) is dict for kind in kinds)


@cache
def _test_of(hint: Any) -> Callable[[Any], bool]:
    """Whether a value is of a kind; the items of a tuple are looked at one by one."""
    kind = get_origin(hint) or hint
    if kind in UNIONS:
        tests = tuple(map(_test_of, get_args(hint)))
        return lambda value: any(test(value) for test in tests)
    if kind is tuple:
        return lambda value: isinstance(value, (tuple, list))
    if kind is float:
        return lambda value: type(value) in (int, float) and math.isfinite(value)
    if kind is int:
        return lambda value: type(value) is int
    return lambda value: isinstance(value, kind)


def _words(hint: Any, rule: Rule | None = None) -> str:
    """A kind in the words of whoever writes the file."""
    if get_origin(hint) in UNIONS:
        return " or ".join(_words(each, rule) for each in get_args(hint))
    if get_origin(hint) is tuple:
        item = get_args(hint)[0]
        return f"a tuple, such as ({'...' if item is not str else repr('name')},), of {_plural(item)}"
    if hint is NoneType:
        return "None"
    if hint in (int, float):
        return "a whole number" if hint is int else (rule or NUMBER).expected
    return {str: "text", bool: "True or False", dict: "a dict"}.get(hint, f"{hint.__name__}(...)")


def _plural(hint: Any) -> str:
    return {str: "texts"}.get(hint, _words(hint))


def _shown(value: Any) -> str:
    text = repr(value)
    return text if len(text) <= 100 else f"{text[:100]}..."
