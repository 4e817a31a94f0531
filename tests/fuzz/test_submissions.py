"""What a student hands in: notebooks, uploads, archives, receipts."""

from __future__ import annotations

import base64
import io
import json
import zipfile
from pathlib import PurePosixPath

from hypothesis import example, given
from hypothesis import strategies as st

from autograder.base.errors import Unreadable
from autograder.exchange.look import look_at
from autograder.exchange.service.refusals import Refused
from autograder.exchange.service.settings import ServiceLimits
from autograder.exchange.store.receipts import ForgedReceipt, Receipt, Signer, verify_receipt
from autograder.exchange.store.uploads import File, checked, from_form, parse_json
from autograder.notebook import read_release, read_submission, to_program
from tests.support import code, locked, markdown, notebook, task

from .bounds import bounded, fuzzed
from .strategies import json_bytes, odd_texts, spoilt_bytes

LIMITS = ServiceLimits(unpacked_mib=1, files=8)
SOLVED = notebook(
    [
        markdown("# Little"),
        {**code("import numpy as np\n%matplotlib inline\n"), "metadata": {"collapsed": True}},
        locked("import numpy as np", "text-01"),
        task(
            "def windows(size, kernel, stride=1):\n    return max(0, (size - kernel) // stride + 1)\n",
            "windows",
        ),
        {**code("windows(3, 2)"), "outputs": [{"output_type": "stream", "name": "stdout", "text": ["2\n"]}]},
    ],
    course={"unit": "little", "version": "0" * 12, "tasks": {"windows": ["windows"]}},
)
OLD = {
    "nbformat": 3,
    "metadata": {},
    "worksheets": [{"cells": [{"cell_type": "code", "input": "def windows(): pass"}]}],
}
UPLOAD = {
    "files": [{"path": "little.ipynb", "content": base64.b64encode(json.dumps(SOLVED).encode()).decode()}],
    **{"key": "k-1", "client_time": "2027-01-17T12:00+00:00"},
}
RECEIPT = Receipt(
    "c", "little", "student-001", "a" * 32, 1, "2027-01-17T12:00:00+00:00", "b" * 64, 3, {"x": "c" * 64}
)


@fuzzed()
@given(
    json_bytes(SOLVED) | json_bytes(OLD) | spoilt_bytes([json.dumps(SOLVED).encode(), b"PK\3\4", b"%PDF-1.7"])
)
@example(b'{"cells": [' + b"[" * 100_000)
@example(json.dumps(SOLVED).replace("# Little", "9" * 5000).encode())
def test_any_file_is_a_submission_or_unreadable(course, tmp_path_factory, content):
    """Read, healed, and made a program for the sandbox, by the code that grades."""
    path = tmp_path_factory.getbasetemp() / "fuzzed.ipynb"
    path.write_bytes(content)
    release = read_release(course.unit("little").released_notebook)
    with bounded(Unreadable):
        submission = read_submission(path, release, 1)
        program = to_program(submission, release, ())
        json.dumps(program).encode()  # it goes over a socket
        for line in submission.healed:
            line.encode()  # and this into a page


@fuzzed(40)
@given(
    json_bytes(SOLVED),
    json_bytes(SOLVED),
    st.sampled_from(("x.ipynb", "little.ipynb", "a/b.ipynb.txt", "x.py")),
)
def test_any_files_can_be_looked_at_before_they_are_handed_in(course, first, second, name):
    """What the exchange says of an upload."""
    with bounded(Refused):
        files = checked(
            [File("little.ipynb", first), *([File(name, second)] if name != "little.ipynb" else [])], LIMITS
        )
        found = look_at(course, course.unit("little"), files)
        json.dumps([found.unreadable, found.healed, found.stubs], ensure_ascii=False).encode()


@fuzzed()
@given(json_bytes(UPLOAD))
@example(b'{"files": [{"path": "\\ud800", "content": ""}]}')
@example(b'{"files": [{"path": "x", "content": ""}], "key": "\\ud800"}')
@example(b"9" * 10_000)
def test_any_body_is_an_upload_or_refused(body):
    """JSON of programs; what is taken can be stored and given back under its name."""
    with bounded(Refused):
        upload = parse_json(body, LIMITS)
        assert 0 < len(upload.files) <= LIMITS.files
        for file in upload.files:
            path = PurePosixPath(file.path)
            assert not path.is_absolute() and ".." not in path.parts
            file.path.encode()
        (upload.key or "").encode()


# A file without a name, which zipfile writes for nobody.
NAMELESS = bytes.fromhex(
    "504b0304140000000000fa887d5db7efdc8301000000010000000000000031504b01021403140000000000fa887d5db7efdc83"
    "0100000001000000000000000000000000000000800100000000504b050600000000010001002e0000001f0000000000"
)


@st.composite
def archives(draw: st.DrawFn) -> bytes:
    """A ZIP archive with odd names, kinds and sizes, which may be damaged."""
    packed = io.BytesIO()
    with zipfile.ZipFile(
        packed, "w", draw(st.sampled_from((zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)))
    ) as archive:
        for name in draw(st.lists(odd_texts, max_size=4)):
            info = zipfile.ZipInfo(name.encode("utf-8", "replace").decode() or ".")
            info.filename = info.filename if name else ""
            info.external_attr = draw(st.sampled_from((0, 0o120777 << 16, 0o100644 << 16, 0o10644 << 16)))
            archive.NameToInfo.clear()  # which would warn of a name that is there already
            archive.writestr(info, draw(st.binary(max_size=30)) * draw(st.sampled_from((1, 100, 60_000))))
    content = packed.getvalue()
    return draw(st.just(content) | spoilt_bytes([content]))


@fuzzed()
@given(archives(), odd_texts)
@example(NAMELESS, "x.zip")
def test_any_archive_is_an_upload_or_refused(content, name):
    """Of browsers; an archive says nothing that is believed."""
    for called in ("x.zip", name):
        with bounded(Refused):
            from_form([(called, content)], LIMITS)


@fuzzed()
@given(data=st.data())
def test_any_receipt_is_ours_or_forged(tmp_path_factory, data):
    """Cut, changed, of another key; never another error."""
    signer = Signer(tmp_path_factory.getbasetemp() / "receipt-key")
    good = signer.sign(RECEIPT)
    text = data.draw(spoilt_bytes([good.encode()])).decode("utf-8", "surrogateescape") + data.draw(
        st.sampled_from(("", "", "=", ".", "\n", "\ud800"))
    )
    with bounded(ForgedReceipt):
        assert verify_receipt(text, signer.public_key()) == RECEIPT  # padding says nothing
