"""The order in which the groups of tests are handed to the processes of ``make test``.

Who drives a server is slow because it waits. Such groups come first, those of most files at the beginning,
and each is followed by one that computes: so not all processes wait at the same time, and none is left with a
slow group when the others have nothing more to do.
"""

from __future__ import annotations

from itertools import zip_longest

import pytest

Group = list[pytest.Item]


def in_turns(items: list[pytest.Item]) -> list[pytest.Item]:
    """Group by group: a slow one, the largest of the others, and so on."""
    groups: dict[str, Group] = {}
    for item in items:
        groups.setdefault(_name(item), []).append(item)
    slow = sorted(filter(_is_slow, groups.values()), key=_files, reverse=True)
    others = sorted((each for each in groups.values() if not _is_slow(each)), key=len, reverse=True)
    return [item for pair in zip_longest(slow, others, fillvalue=[]) for group in pair for item in group]


def _name(item: pytest.Item) -> str:
    mark = item.get_closest_marker("xdist_group")
    return str(mark.args[0]) if mark else item.nodeid


def _is_slow(group: Group) -> bool:
    return any(item.get_closest_marker("slow") for item in group)


def _files(group: Group) -> int:
    return len({item.path for item in group})
