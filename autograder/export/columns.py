"""Which column of a platform's table is which unit: by its whole title, not by its beginning.

Convolution layer (4711)               Canvas: the title and its own number
Assignment: Convolution layer (Real)   Moodle: the kind of activity, the title, how marks are written
Convolution layer                      as it is
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

from .headers import folded
from .tables import PlatformTable

_CANVAS = re.compile(r"(?P<title>.+) \(\d+\)\s*")
_MOODLE = re.compile(r"(?P<activity>[^:]{1,40}):\s+(?P<title>.+?)(?: \((?P<kind>[^()]*)\))?\s*")
# Activities that notebooks are handed in to; a quiz may have the same title.
_HANDED_IN = {
    *("assignment", "external tool", "manual item", "aufgabe", "externes tool", "devoir", "outil externe"),
    *("tarea", "herramienta externa", "compito", "tool esterno", "opdracht", "externe tool", "tarefa"),
    *("trabalho", "zadanie", "narzędzie zewnętrzne", "inlämningsuppgift", "uppgift", "opgave", "innlevering"),
    *("tehtävä", "úkol", "ödev", "oppgave", "assignatura", "feladat", "temă", "завдання", "задание"),
}
# How Moodle says in its languages that a column holds points, not letters or percentages.
_POINTS = {
    *("real", "points", "punkte", "wert", "réel", "valeur", "brute", "puntos", "valor", "reale", "valore"),
    *("punti", "reëel", "werkelijk", "punten", "pontos", "rzeczywista", "punkty", "verklig", "poäng"),
    *("faktisk", "point", "poeng", "todellinen", "pisteet", "skutečné", "body", "gerçek", "puan"),
}


def columns_of(table: PlatformTable, titles: Sequence[str]) -> tuple[dict[str, int | None], list[str]]:
    """The column of each title, and remarks on titles without one.

    A title that fits several columns, or one that is another title's, too, is left out of the answer;
    one that fits none has None.
    """
    free = [index for index in range(len(table.columns)) if index not in table.identifying]
    found = {title: _of_title(table.columns, free, title) for title in dict.fromkeys(titles)}
    chosen: dict[str, int | None] = {}
    remarks: list[str] = []
    for title, indexes in found.items():
        rivals = [other for other in found if other != title and indexes and found[other] == indexes]
        if titles.count(title) > 1 or rivals:
            remarks.append(f"{title}: another unit has the same column, so nothing was written for it")
        elif len(indexes) > 1:
            names = ", ".join(table.columns[index] for index in indexes)
            remarks.append(
                f"{title}: fits the columns {names}, so nothing was written for it; rename one there"
            )
        else:
            chosen[title] = indexes[0] if indexes else None
            if not indexes:
                remarks.append(f"{title}: the roster has no such column, so it became a new one")
    return chosen, remarks


def _of_title(columns: Sequence[str], free: Iterable[int], title: str) -> list[int]:
    """The columns of the first way of writing in which there are any."""
    for way in (_as_it_is, _of_canvas, _of_moodle):
        for same in (str.strip, folded):
            indexes = [
                index for index in free if (plain := way(columns[index])) and same(plain) == same(title)
            ]
            if indexes:
                return indexes
    return []


def _as_it_is(header: str) -> str:
    return header


def _of_canvas(header: str) -> str:
    match = _CANVAS.fullmatch(header)
    return match["title"] if match else ""


def _of_moodle(header: str) -> str:
    """The title; with a bracket that says nothing of marks it is part of the title."""
    match = _MOODLE.fullmatch(header)
    if match is None or folded(match["activity"]) not in _HANDED_IN:
        return ""
    kind = match["kind"]
    return match["title"] if kind is None or folded(kind) in _POINTS else f"{match['title']} ({kind})"
