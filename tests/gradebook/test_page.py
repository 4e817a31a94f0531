"""The page of a submission: what is drawn where it is too much as a whole, and what old notebooks become."""

import json

import pytest
from jinja2 import Environment

from autograder.base.apart import Bounds, NoAnswer
from autograder.gradebook import page, page_filters
from autograder.gradebook.notebooks import OUTPUTS, OWN_CELLS, Frame, present
from autograder.gradebook.old_format import upgraded
from tests.gradebook.conftest import released, result

TOLD = {"submission_id": "s", "notebook_id": "relu", "assignment_id": "relu", "index": 0, "total": 1}
FRAME = Frame.of(released())


def shown(*cells, why="Your answer"):
    """The notebook that formgrader shows of a submission with these cells."""
    notebook = released()
    notebook["cells"][-1]["source"] = why
    notebook["cells"] += cells
    return present(FRAME, notebook, result("student-001"))


def test_what_is_too_much_is_drawn_with_less(tmp_path):
    """As it was typed, or without what the student added: with a sentence why, and the fields to mark in."""
    own = {"cell_type": "markdown", "metadata": {}, "source": "**mine**"}
    notebook = shown(own, why="**bold** " + "long " * 5_000)
    whole, typed, short = (page.page_of(notebook, TOLD, "/m.js", way) for way in range(3))
    assert "<strong>mine</strong>" in whole and "<strong>bold</strong>" in whole
    assert "**mine**" in typed and "**bold**" in typed and "<strong>bold" not in typed
    assert "mine" not in short and "**bold**" in short and "more characters)" in short
    for each in (whole, typed, short):
        assert 'id="why-comment"' in each and 'src="/m.js"' in each
    file = tmp_path / "a.ipynb"
    file.write_text(json.dumps(notebook))
    with pytest.raises(NoAnswer, match=r"more than 0\.01 s"):
        page.draw(file, TOLD, "/m.js", Bounds(0.01, 100, 1))


def test_texts_may_be_lists_of_lines():
    """As nbgrader writes a notebook that its own command graded."""
    lines = ["one\n", "two"]
    output = {
        "output_type": "execute_result",
        "execution_count": 1,
        "metadata": {},
        "data": {"text/plain": lines},
    }
    code = {"cell_type": "code", "execution_count": 1, "source": lines, "outputs": [output]}
    own = [code, {"cell_type": "markdown", "source": ["*a*\n", "b"]}]
    notebook = shown(why="fine")
    notebook["cells"] += [{**cell, "id": f"own-{n}", "metadata": {}} for n, cell in enumerate(own)]
    for way in range(2):
        drawn = page.page_of(notebook, TOLD, "/m.js", way)
        assert "one\ntwo" in drawn and 'id="why-comment"' in drawn


def test_a_page_that_cannot_be_laid_out_says_why(tmp_path, monkeypatch):
    """On top of what is drawn instead."""
    file = tmp_path / "a.ipynb"
    file.write_text(json.dumps(shown()))
    tries = []

    def refusing(function, *arguments, bounds):
        tries.append(arguments[3])
        if len(tries) < 3:
            raise NoAnswer("it takes more than 20 s")
        return function(*arguments)

    monkeypatch.setattr(page, "call_apart", refusing)
    drawn = page.draw(file, TOLD, "/m.js")
    assert tries == [0, 1, 2]
    assert "too much to show (it takes more than 20 s)" in drawn


def test_all_texts_of_a_page_share_a_limit():
    """After it, the others are shown as they were typed."""
    spent = {page_filters.SPENT: page_filters.PAGE_SECONDS}
    environment = Environment(autoescape=False)
    environment.filters["markdown2html"] = page_filters.markdown
    template = environment.from_string("{{ '*a* <b>' | markdown2html }}")
    assert "<em>a</em>" in template.render(resources={}, cell={})
    assert "<pre>*a* &lt;b&gt;</pre>" in template.render(resources=spent, cell={})


def test_what_is_left_out_is_said():
    """Cells and outputs beyond what a person looks at."""
    output = {"output_type": "display_data", "data": {"text/plain": "1"}}
    own = {"cell_type": "code", "metadata": {}, "source": "x", "outputs": [output] * (OUTPUTS + 7)}
    cells = shown(own, *[{"cell_type": "markdown", "source": "a"}] * (OWN_CELLS + 1))["cells"]
    (code,) = [cell for cell in cells if cell["source"] == "x"]
    assert len(code["outputs"]) == OUTPUTS + 1
    assert code["outputs"][-1]["data"]["text/plain"] == "(more outputs, not shown here: 7)"
    assert cells[-1]["source"] == "*2 more cells are in the file, and are not shown here.*"


def test_format_3_as_format_4():
    """Headings, code with its outputs, and texts; what has no such shape comes to nothing."""
    outputs = [{"output_type": "stream", "text": "a"}, {"output_type": "pyout", "png": "b", "text": ["c"]}, 7]
    sheet = [
        {"cell_type": "heading", "level": 3, "source": ["A ", "b"]},
        {
            "cell_type": "code",
            "input": "x = 1",
            "outputs": outputs,
            "metadata": {"nbgrader": {"grade_id": "f"}},
        },
        {"cell_type": "markdown", "source": "text"},
        5,
    ]
    new = upgraded({"nbformat": 3, "worksheets": [{"cells": sheet}, {"cells": 3}, None]})
    heading, code, text = new["cells"]
    assert (heading["cell_type"], heading["source"]) == ("markdown", "### A b")
    assert code["source"] == "x = 1" and code["metadata"] == {"nbgrader": {"grade_id": "f"}}
    assert [each["data"] for each in code["outputs"]] == [
        {"text/plain": "a"},
        {"image/png": "b", "text/plain": ["c"]},
    ]
    assert text["source"] == "text"
    assert upgraded({"cells": [], "worksheets": []}) == {"cells": [], "worksheets": []}
    assert upgraded({"worksheets": 3}) == {"worksheets": 3}
