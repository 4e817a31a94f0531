"""Stored files as JSON, read and packed as the caller takes them.

Whoever asks for much and reads slowly holds a connection, and none of our memory.
"""

from __future__ import annotations

import base64
import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict
from typing import Any

from starlette.responses import Response, StreamingResponse

from ...marks.attempts import StoredFile
from ...marks.blobs import Blobs

CHUNK = 3 << 16  # bytes; base64 packs three at a time


def packed(answer: Mapping[str, Any], blobs: Blobs, files: Sequence[StoredFile]) -> Response:
    """An answer with ``files``: each with its path, its digest, its size and its content, base64."""
    for file in files:
        blobs.path(file.sha256).stat()  # what is gone is an error before the answer begins
    return StreamingResponse(_pieces(answer, blobs, files), media_type="application/json")


def _pieces(answer: Mapping[str, Any], blobs: Blobs, files: Sequence[StoredFile]) -> Iterator[bytes]:
    head = json.dumps({**answer, "files": []}, ensure_ascii=False)
    yield head.removesuffix("]}").encode()
    for number, file in enumerate(files):
        listed = json.dumps(asdict(file) | {"content": ""}, ensure_ascii=False)
        yield ("," if number else "").encode() + listed.removesuffix('"}').encode()
        with blobs.path(file.sha256).open("rb") as source:
            while part := source.read(CHUNK):
                yield base64.b64encode(part)
        yield b'"}'
    yield b"]}"
