"""Draws one empty page when it is imported: templates, lexers and parsers are then loaded.

The process that draws pages is forked from one that has imported this, and so has all of it at once.
"""

from .page import page_of

_CELLS = [
    {
        "cell_type": "code",
        "id": "a",
        "source": "x = 1",
        "metadata": {},
        "outputs": [],
        "execution_count": None,
    },
    {"cell_type": "markdown", "id": "b", "source": "*x*", "metadata": {}},
]
_TOLD = {"submission_id": "", "notebook_id": "", "assignment_id": "", "index": 0, "total": 0}

page_of({"cells": _CELLS, "metadata": {}, "nbformat": 4, "nbformat_minor": 5}, _TOLD, "")
