"""Notebooks that were handed in to be read by staff: honest ones that are messy, and hostile ones."""

import base64
import struct
import zlib

from tests.gradebook.conftest import released

BEGINS = "\\begin{a}" * 7_000  # 64 KiB of a pattern that takes a Markdown parser seconds
POINTS = "a." * 32_000  # the same for a highlighter of code


def png(width: int = 30, height: int = 20) -> str:
    """A red picture, as notebooks hold it."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    head = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    rows = (b"\0" + b"\xff\0\0" * width) * height
    parts = (b"IHDR", head), (b"IDAT", zlib.compress(rows)), (b"IEND", b"")
    return base64.b64encode(b"\x89PNG\r\n\x1a\n" + b"".join(chunk(*part) for part in parts)).decode()


def added(*cells, why: str = "my answer", **more):
    """The released notebook with a written answer, and cells of the student's own."""
    notebook = released()
    for made in notebook["cells"]:
        if made["id"] == "why":
            made |= {"source": why, **more}
    notebook["cells"] += cells
    return notebook


def code(source: str, *outputs):
    """A code cell."""
    made = {"cell_type": "code", "metadata": {}, "execution_count": 1, "source": source}
    return made | {"outputs": list(outputs)}


def markdown(source: str, **more):
    """A text cell."""
    return {"cell_type": "markdown", "metadata": {}, "source": source, **more}


def shown(text: str, **data: str):
    """An output."""
    return {"output_type": "display_data", "metadata": {}, "data": {"text/plain": text, **data}}


def of_format_3(outputs: int):
    """An old notebook, with so many outputs in one cell."""
    output = {"output_type": "pyout", "text": ["1"], "metadata": {}, "prompt_number": 1}
    cells = [
        {"cell_type": "heading", "level": 2, "source": ["An old ", "title"], "metadata": {}},
        {"cell_type": "code", "input": ["x = 1\n", "x"], "outputs": [output] * outputs, "metadata": {}},
    ]
    return {"nbformat": 3, "nbformat_minor": 0, "metadata": {}, "worksheets": [{"cells": cells}]}


HONEST = added(
    markdown("Again ![one](attachment:Bild%20eins.png)", attachments={"Bild eins.png": {"image/png": png()}}),
    markdown("Lost ![two](attachment:gone.png) and $z_1$"),
    markdown("<details><summary>More</summary>\n\n| a | b |\n|---|---|\n| 1 | 2 |\n\n</details>"),
    code(
        "import sys\nprint('x')",
        {"output_type": "stream", "name": "stdout", "text": ["\x1b[31mred\x1b[0m\n"]},
    ),
    code("plot()", shown("<Figure>", **{"image/png": png()})),
    {"cell_type": "raw", "metadata": {}, "source": "a <raw> note"},
    why="It is $\\hat{y}_1 = \\max(x, 0)$.\n\n![mine](attachment:image.png)",
    attachments={"image.png": {"image/png": png()}},
)
HOSTILE = {
    "one pattern": added(why=BEGINS),
    "many patterns": added(*[code(POINTS)] * 30, why=BEGINS),
    "half characters": added(
        markdown("\udfff", attachments={"\ud800": {"image/png": "\ud800"}}),
        code("\ud800", shown("\udc00\0")),
        why="\ud83d alone, and \0 nothing",
        metadata={"\ud800": "\ud800", "nbgrader": {"grade_id": "why"}},
    ),
    "brackets": added(markdown("[" * 60_000), markdown("![](" * 15_000), markdown("[a](" * 15_000)),
    "nested": added(
        markdown(">" * 20_000 + " a"),
        markdown("\n".join(" " * 2 * depth + "- a" for depth in range(800))),
        markdown("<div>" * 20_000),
        markdown("|a" * 20_000 + "\n" + "|-" * 20_000),
    ),
    "10,000 cells": added(*[markdown("*a*")] * 10_000),
    "long": added(code("x" * 3_000_000), code("", *[shown("y" * 1_000)] * 5_000), why="z" * 3_000_000),
    "not text": added(
        {"cell_type": ["code"], "source": {"a": 1}, "metadata": []},
        code(None, 5, {"data": {"image/png": {"a": 1}, "text/plain": [1, None]}}),
        7,
        markdown("a", attachments=[1]),
    ),
    "no picture": added(markdown("![](attachment:a)"), markdown("![](attachment:)"), why="![](attachment:x)"),
    "pictures": added(
        markdown("![](attachment:a)" * 300, attachments={"a": {"image/png": png(900, 900) * 40}})
    ),
    "format 3": of_format_3(200_000),
}
