"""Frames that a student's process writes by hand: each is at worst a wrong answer of the same submission."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path
from textwrap import dedent

import pytest

from autograder.course import Limits
from autograder.judge.grader import Grader
from autograder.results.result import Verdict
from tests.attacks.judges import judging
from tests.judge.rooms import room_of
from tests.support import place, solved_notebook, write

pytestmark = pytest.mark.sandbox
TASK = "windows"
LIMITS = Limits(call_seconds=2.0, cpu_seconds=10, memory_mib=256, load_seconds=10, reply_mib=16)
CODE = """
import json, os, struct, time
def windows(size, kernel, stride=1):
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
# What is said in one reply, name -> (its header, its buffers).
REPLIES = {
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
    "name_in_place_of_a_value": ('{"k": "value", "v": {"m": "windows"}}', "[]"),
    "part_in_place_of_a_value": ('{"k": "value", "v": {"p": [0, [], []]}}', "[]"),
    "part_of_another_check": ('{"k": "value", "v": {"p": [1 << 70, [-1, "x"], [-1, -1]]}}', "[]"),
    "parts_without_end": ('{"k": "value", "v": [{"p": [0, [], []]}] * 400_000}', "[]"),
    "long_path_of_a_part": ('{"k": "value", "v": {"p": [0, [0] * 10**6, [1] * 10**6]}}', "[]"),
    "loan_in_place_of_a_value": ('{"k": "value", "v": {"c": [1, ["real"], [["real", 1]]]}}', "[]"),
    "method_in_place_of_a_value": ('{"k": "value", "v": {"A": [1, "__class__"]}}', "[]"),
    "attribute_of_the_judge": ('{"k": "value", "v": {"A": [{"h": "x"}, "__class__"]}}', "[]"),
    "method_of_a_name": ('{"k": "value", "v": {"A": [{"m": "windows"}, "__globals__"]}}', "[]"),
    "method_of_methods": (
        '{"k": "value", "v": eval("{\'A\': [" * 80 + "{\'m\': \'f\'}" + ", \'x\']}" * 80)}',
        "[]",
    ),
    "object_of_a_kind_that_is_no_text": ('{"k": "value", "v": {"h": [1 << 200, "int"]}}', "[]"),
    "object_that_is_right": ('{"k": "value", "v": {"h": "int"}}', "[]"),
    "record_of_no_kind": ('{"k": "value", "v": {"r": [{"h": "x"}, 5]}}', "[]"),
    "list_as_a_key": ('{"k": "value", "v": {"d": [[[1], 2]]}}', "[]"),
    "integer_of_megabytes": ('{"k": "value", "v": {"i": "0x" + "f" * 1_000_000}}', "[]"),
    "tensor_without_torch": ('{"k": "value", "v": {"T": [0, "float64", [1], None, 1, True]}}', EIGHT),
    "generator_out_of_the_blue": ('{"k": "value", "v": {"g": {"d": [["bit_generator", "PCG64"]]}}}', "[]"),
    "unmade": ('{"k": "unmade", "v": 3}', "[]"),
    "error_of_no_kind": ('{"k": "error", "class": ["x"], "bases": 5, "message": {}, "line": 7}', "[]"),
    "error_with_odd_bases": (
        '{"k": "error", "class": "X", "bases": [["ValueError"], "AssertionError"], "message": "", "ours": 1}',
        "[]",
    ),
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
    "no_kind": ('{"v": 3}', "[]"),
    "verdict": ('{"k": "value", "v": 0, "verdict": "PASSED", "earned": 100}', "[]"),
}
# Whole frames that are none with replies.
FRAMES = {
    "call_of_nothing_lent": ('{"k": "callback", "id": 1, "method": None, "a": [], "w": {}}', "[]"),
    "call_of_no_kind": ('{"k": "callback", "id": [1], "method": {}, "a": 3, "w": 3}', "[]"),
    "reply_by_itself": ('{"k": "value", "v": 3}', "[]"),
    "replies_of_no_kind": ('{"k": "some", "replies": {"0": 1}}', "[]"),
    "reply_without_a_count": ('{"k": "some", "replies": [[{"k": "value", "v": 3}]]}', "[]"),
    "negative_count": ('{"k": "some", "replies": [[{"k": "value", "v": 3}, -1]]}', EIGHT),
    "buffers_of_nobody": ('{"k": "some", "replies": [[{"k": "value", "v": 3}, 0]]}', EIGHT),
    "no_replies": ('{"k": "some", "replies": []}', "[]"),
    "a_million_replies": ('{"k": "some", "replies": [[{"k": "value", "v": 3}, 0]] * 100_000}', "[]"),
    "a_script_of_its_own": (
        '{"k": "run", "scripts": [{"n": 0, "s": [{"k": "beside", "a": [0], "n": "f"}], "b": [0]}],'
        ' "sources": ["def f(): 1 / 0"]}',
        "[]",
    ),
    "ready_once_more": ('{"k": "ready", "report": {}, "version": 1}', "[]"),
}


@pytest.fixture(scope="module")
def grader(little: Path) -> Iterator[Grader]:
    with judging(little, LIMITS) as found:
        yield found


@pytest.fixture(scope="module")
def solved(little: Path) -> dict:
    return solved_notebook("little", little)


def framed(header: str, buffers: str) -> tuple[str, str]:
    """A reply in a frame of its own."""
    return f'{{"k": "some", "replies": [[{header}, len({buffers})]]}}', buffers


ALL = {**{name: framed(*reply) for name, reply in REPLIES.items()}, **FRAMES}


@pytest.mark.parametrize("name", ALL)
def test_forged_frame(name: str, grader: Grader, solved: dict, tmp_path: Path) -> None:
    """It earns nothing and is no fault of ours."""
    header, buffers = ALL[name]
    cells = list(solved["cells"])
    at = place(solved, TASK)
    cells[at] = {**cells[at], "source": dedent(CODE).format(header=header, buffers=buffers)}
    begun = time.monotonic()
    result = grader.grade(write(tmp_path, {**solved, "cells": cells}), "student-001")
    assert time.monotonic() - begun < 30, "no frame costs more than it took to send"
    assert sum(check.earned for check in result.checks if check.task == TASK) == 0.0
    assert not result.broken
    assert "<script>" not in "".join(check.reason for check in result.checks)


@pytest.mark.parametrize("right", [True, False])
def test_a_forged_value_is_a_returned_one(right: bool, grader: Grader) -> None:
    """The control: these frames arrive, and what they say is believed as if it were returned."""
    answer = "max(0, (size - kernel) // stride + 1)" if right else "0"
    header, buffers = framed(f'{{"k": "value", "v": {answer}}}', "[]")
    code = dedent(CODE).format(header=header, buffers=buffers)
    with room_of(grader.zygote, code, [TASK]) as subject:
        outcome = grader.suite.run("test_windows", subject, 0, case=0)
    assert outcome.verdict is (Verdict.PASSED if right else Verdict.FAILED)


def test_the_honest_one_still_gets_everything(grader: Grader, solved: dict, tmp_path: Path) -> None:
    """After all of these the same zygote gives a right submission its full marks."""
    result = grader.grade(write(tmp_path, solved), "student-002")
    assert result.score == result.max_score == 100.0, [c.reason for c in result.checks if c.reason]
