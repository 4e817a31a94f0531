"""Times as nbgrader and platforms write them: with an offset, or with the short name of a zone."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta, timezone, tzinfo
from zoneinfo import ZoneInfo

_TIME = re.compile(
    r"(?P<day>\d{4}-\d\d-\d\d)[T ]+(?P<clock>\d\d:\d\d(?::\d\d)?)(?:[.,](?P<part>\d+))?\s*(?P<zone>.*)"
)
_OFFSET = re.compile(r"(?:UTC|GMT)?(?P<sign>[+-])(?P<hours>\d\d?):?(?P<minutes>\d\d)?")
_HOUR = timedelta(hours=1)
# Hours from UTC. Where a name has several meanings, the one near the unit's own due date is meant.
_SHORT: dict[str, tuple[float, ...]] = {
    **dict.fromkeys(("", "UTC", "GMT", "Z", "WET", "UT"), (0,)),
    **dict.fromkeys(("CET", "WEST", "WAT", "MEZ"), (1,)),
    **dict.fromkeys(("EET", "CEST", "CAT", "SAST", "MESZ"), (2,)),
    **dict.fromkeys(("EEST", "MSK", "EAT", "IDT", "TRT"), (3,)),
    **{"GST": (4,), "PKT": (5,), "NPT": (5.75,), "WIB": (7,), "ICT": (7,), "HKT": (8,), "AWST": (8,)},
    **{"SGT": (8,), "WITA": (8,), "JST": (9,), "KST": (9,), "WIT": (9,), "ACST": (9.5,), "AEST": (10,)},
    **{"ACDT": (10.5,), "AEDT": (11,), "NZST": (12,), "NZDT": (13,), "HST": (-10,), "HDT": (-9,)},
    **{"AKST": (-9,), "AKDT": (-8,), "PDT": (-7,), "MST": (-7,), "MDT": (-6,), "EST": (-5,), "EDT": (-4,)},
    **{"BRT": (-3,), "ART": (-3,), "CLT": (-4,), "COT": (-5,), "ADT": (-3,), "NST": (-3.5,), "NDT": (-2.5,)},
    **{"BST": (1, 6), "IST": (5.5, 2, 1), "CST": (-6, 8), "CDT": (-5,), "AST": (-4, 3)},
    **{"PST": (-8, 8), "SST": (-11, 8)},
}


def read_time(text: str, due: str) -> datetime | None:
    """A time with its zone; None where it cannot be read. One without a zone is UTC, as for nbgrader.

    >>> read_time("2027-02-20 12:00:00.000000 CET", "2027-01-24T23:59+01:00").isoformat()
    '2027-02-20T12:00:00+01:00'

    Args:
        text: such as ``2027-01-17 11:00:00.000001 UTC`` or ``2027-01-17T12:00+01:00``.
        due: the unit's due date, which tells apart zones that share a short name.
    """
    match = _TIME.fullmatch(text.strip())
    if match is None:
        return None
    try:
        moment = datetime.fromisoformat(f"{match['day']}T{match['clock']}")
        zone = _zone(match["zone"].strip(), due)
        part = int((match["part"] or "0")[:6].ljust(6, "0"))
        return None if zone is None else moment.replace(tzinfo=zone, microsecond=part)
    except ValueError:
        return None


def _zone(name: str, due: str) -> tzinfo | None:
    if match := _OFFSET.fullmatch(name):
        size = timedelta(hours=int(match["hours"]), minutes=int(match["minutes"] or 0))
        return timezone(size if match["sign"] == "+" else -size)
    if "/" in name:
        try:
            return ZoneInfo(name)
        except (ValueError, OSError, KeyError):  # ZoneInfoNotFoundError is a KeyError
            return None
    offsets = [timedelta(hours=hours) for hours in _SHORT.get(name.upper(), ())]
    if len(offsets) > 1:
        here = datetime.fromisoformat(due).utcoffset() or timedelta()
        offsets = [offset for offset in offsets if abs(offset - here) <= _HOUR]
    if len(offsets) != 1:
        return None
    return timezone(offsets[0]) if offsets[0] else UTC
