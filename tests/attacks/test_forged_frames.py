"""Frames that a student's process writes by hand: each is at worst a wrong answer of the same submission."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path
from textwrap import dedent

import pytest

from autograder.course import Limits
from autograder.judge.grader import Grader
from tests.attacks.judges import judging
from tests.support import place, solved_notebook, write

pytestmark = pytest.mark.sandbox
TASK = "conv_output_size"
LIMITS = Limits(call_seconds=2.0, cpu_seconds=10, memory_mib=256, load_seconds=10, reply_mib=16)
CODE = """
import json, os, struct, time
def conv_output_size(size, kernel_size, stride=1, padding=0, dilation=1):
    header, buffers = {header}, {buffers}
    text = json.dumps({{**header, "z": [len(b) for b in buffers]}}).encode()
    text += b" " * (-len(text) % 8)
    body = b"".join(b + bytes(-len(b) % 8) for b in buffers)
    data = memoryview(struct.pack(">II", len(text), len(body)) + text + body)
    while data:
        data = data[os.write(3, data):]
    time.sleep(0.05)
"""
EIGHT = "[b'12345678']"
# name -> (header, buffers)
FRAMES = {
    "endless_shape_of_nothing": (
        '{"k": "value", "v": {"a": [0, "float64", [0, 1 << 60], None, 1]}}',
        "[b'']",
    ),
    "strided_shape_of_nothing": (
        '{"k": "value", "v": {"a": [0, "float64", [1 << 40, 0, 1 << 20], [1, 0, 2], 2]}}',
        "[b'']",
    ),
    "shape_beyond_its_buffer": ('{"k": "value", "v": {"a": [0, "float64", [1 << 31] * 2, None, 1]}}', EIGHT),
    "negative_shape": ('{"k": "value", "v": {"a": [0, "float64", [-1, -1], None, 1]}}', EIGHT),
    "name_in_place_of_a_value": ('{"k": "value", "v": {"m": "conv_output_size"}}', "[]"),
    "loan_in_place_of_a_value": ('{"k": "value", "v": {"c": [1, ["real"], [["real", 1]]]}}', "[]"),
    "method_in_place_of_a_value": ('{"k": "value", "v": {"A": [1, "__class__"]}}', "[]"),
    "attribute_of_the_judge": ('{"k": "value", "v": {"A": [{"h": [1, "x"]}, "__class__"]}}', "[]"),
    "handle_that_was_never_given": ('{"k": "value", "v": {"h": [1 << 200, "int"]}}', "[]"),
    "truth_as_a_handle": ('{"k": "value", "v": {"h": [True, "int"]}}', "[]"),
    "list_as_a_key": ('{"k": "value", "v": {"d": [[[1], 2]]}}', "[]"),
    "integer_of_megabytes": ('{"k": "value", "v": {"i": "0x" + "f" * 1_000_000}}', "[]"),
    "tensor_without_torch": ('{"k": "value", "v": {"T": [0, "float64", [1], None, 1, True]}}', EIGHT),
    "generator_out_of_the_blue": ('{"k": "value", "v": {"g": {"d": [["bit_generator", "PCG64"]]}}}', "[]"),
    "generators_of_no_kind": ('{"k": "value", "v": 1, "G": 5}', "[]"),
    "shared_arrays_of_no_kind": ('{"k": "value", "v": 1, "S": [[[1], 2], {"a": 1}]}', "[]"),
    "shared_array_nobody_shared": (
        '{"k": "value", "v": 1, "S": [[1, {"a": [0, "float64", [1], None, 1]}]]}',
        EIGHT,
    ),
    "error_of_no_kind": ('{"k": "error", "class": ["x"], "bases": 5, "message": {}, "line": 7}', "[]"),
    "half_characters": (
        '{"k": "error", "class": "\\ud800", "bases": [], "message": "\\ud800", "line": {"text": "\\ud800"}}',
        "[]",
    ),
    "markup_as_a_name": (
        '{"k": "error", "class": "NameMissing", "bases": [], "message": "<script>", "line": None, "ours": 1}',
        "[]",
    ),
    "one_buffer_many_times": ('{"k": "value", "v": [{"b": 0}] * 400_000}', "[bytes(1 << 20)]"),
    "keys_of_one_hash": (
        '{"k": "value", "v": {"d": [[k * (2**61 - 1), 0] for k in range(1, 240_000)]}}',
        "[]",
    ),
    "call_of_nothing_lent": ('{"k": "callback", "id": 1, "method": None, "a": [], "w": {}}', "[]"),
    "call_of_no_kind": ('{"k": "callback", "id": [1], "method": {}, "a": 3, "w": 3}', "[]"),
}


@pytest.fixture(scope="module")
def grader() -> Iterator[Grader]:
    with judging("conv_layer", LIMITS) as found:
        yield found


@pytest.fixture(scope="module")
def solved() -> dict:
    return solved_notebook("conv_layer")


@pytest.mark.parametrize("name", FRAMES)
def test_forged_frame(name: str, grader: Grader, solved: dict, tmp_path: Path) -> None:
    """It earns nothing and is no fault of ours."""
    header, buffers = FRAMES[name]
    cells = list(solved["cells"])
    at = place(solved, TASK)
    cells[at] = {**cells[at], "source": dedent(CODE).format(header=header, buffers=buffers)}
    begun = time.monotonic()
    result = grader.grade(write(tmp_path, {**solved, "cells": cells}), "student-001")
    assert time.monotonic() - begun < 30, "no frame costs more than it took to send"
    assert sum(check.earned for check in result.checks if check.task == TASK) == 0.0
    assert not result.broken
    assert "<script>" not in "".join(check.reason for check in result.checks)


def test_the_honest_one_still_gets_everything(grader: Grader, solved: dict, tmp_path: Path) -> None:
    """After all of these the same zygote gives a right submission its full marks."""
    result = grader.grade(write(tmp_path, solved), "student-002")
    assert result.score == result.max_score == 100.0, [c.reason for c in result.checks if c.reason]
