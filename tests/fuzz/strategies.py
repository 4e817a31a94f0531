"""Inputs that are nearly right: valid ones in which something is odd, missing, doubled, deep or huge."""

from __future__ import annotations

import copy
import json
from collections.abc import Sequence
from typing import Any

from hypothesis import strategies as st

ODD_TEXTS = (
    *(
        "",
        " ",
        "\0",
        "\ud800",
        "a\ud800b",
        "\u202e",
        "\ufeff",
        "é" * 3,
        "e\u0301",
        "x" * 5000,
        "\r\n",
        "\x1b[31m",
    ),
    *(
        "..",
        "../x",
        "/etc/passwd",
        "C:\\x",
        "a/b",
        "~",
        "CON",
        "__class__",
        "None",
        "nan",
        "=1+1",
        "<script>",
    ),
    *("9" * 400, "1e999", "-0", "0x10", "2027-01-17T12:00+00:00", "0001-01-01T00:00:00+14:00"),
    *("9999-12-31T23:59:59-14:00", "2027-02-30T00:00", "99999-01-01"),
)
ODD_NUMBERS = (
    *(0, -1, 1, 2**31, 2**53 + 1, 2**63, -(2**63) - 1, 10**400, 0.5, -0.0, 1e308, 1e-320),
    *(float("nan"), float("inf"), float("-inf"), True, False),
)
ODD_WHOLES: tuple[Any, ...] = ([], {}, [[]], {"": None}, [None] * 50, {"a": {"a": {"a": {}}}})
DEEP = 3000  # levels: more than the recursion of any reader that is not bounded
odd_texts = st.sampled_from(ODD_TEXTS) | st.text(max_size=12)
odd_scalars = st.none() | st.sampled_from(ODD_NUMBERS) | odd_texts
odd_values = st.one_of(odd_scalars, st.sampled_from(ODD_WHOLES).map(copy.deepcopy))


@st.composite
def spoilt(draw: st.DrawFn, valid: Any, most: int = 3) -> Any:
    """A copy of a valid value of JSON with something else in a few places."""
    value = copy.deepcopy(valid)
    for _ in range(draw(st.integers(0, most))):
        value = draw(_spoilt_once(value))
    return value


@st.composite
def _spoilt_once(draw: st.DrawFn, value: Any) -> Any:
    keys = (
        sorted(value)
        if isinstance(value, dict)
        else list(range(len(value)))
        if isinstance(value, list)
        else []
    )
    if not keys or draw(st.integers(0, 5)) == 0:
        return draw(odd_values)
    key = draw(st.sampled_from(keys))
    what = draw(st.sampled_from(("deeper", "deeper", "deeper", "other", "gone", "twice", "new")))
    if what == "gone":
        del value[key]
    elif what == "twice" and isinstance(value, list):
        value.insert(key, copy.deepcopy(value[key]))
    elif what == "new" and isinstance(value, dict):
        value[draw(odd_texts)] = draw(odd_values)
    else:
        value[key] = draw(_spoilt_once(value[key]) if what == "deeper" else odd_values)
    return value


@st.composite
def spoilt_bytes(draw: st.DrawFn, valid: Sequence[bytes]) -> bytes:
    """Valid bytes that are cut, joined, or changed in a few places."""
    content = bytearray(draw(st.sampled_from(list(valid))))
    for _ in range(draw(st.integers(0, 4))):
        at = draw(st.integers(0, len(content)))
        match draw(st.sampled_from(("cut", "byte", "insert", "double", "join"))):
            case "cut":
                del content[at:]
            case "byte" if at < len(content):
                content[at] = draw(st.integers(0, 255))
            case "insert":
                content[at:at] = draw(
                    st.binary(max_size=8) | st.sampled_from((b"\0", b"\xff\xfe", b'"', b"[", b"\r"))
                )
            case "double":
                content[at:at] = content[at : at + draw(st.integers(1, 200))]
            case "join":
                content += draw(st.sampled_from(list(valid)))
    return bytes(content)


@st.composite
def json_bytes(draw: st.DrawFn, valid: Any) -> bytes:
    """The text of a spoilt value, which may itself be spoilt, doubled keys and depth included."""
    text = json.dumps(draw(spoilt(valid)), ensure_ascii=draw(st.booleans()))
    content = text.encode("utf-8", "surrogatepass")
    match draw(st.integers(0, 7)):
        case 0:
            return draw(spoilt_bytes([content]))
        case 1:
            return _deep(content, draw(st.booleans()))
        case 2 if content.startswith(b"{") and len(content) > 2:
            return content[:-1] + b"," + content[1:]  # each key twice
        case 3:
            return text.encode(draw(st.sampled_from(("utf-16", "utf-8-sig", "utf-32"))), "surrogatepass")
    return content


def _deep(content: bytes, closed: bool) -> bytes:
    """The same with an endless nesting in its first list or object."""
    at = max(content.find(b"["), content.find(b":")) + 1
    return content[:at] + b"[" * DEEP + (b"]" * DEEP + content[at:] if closed else b"")
