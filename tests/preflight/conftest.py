"""The example unit of a new course: its released folder, with the reference as a student's work."""

import json
import sys

import pytest

from autograder.course import load_course
from autograder.preflight import beside_notebook
from autograder.unit.release import build, publish
from autograder.unit.scaffold import new_course
from tests.support import place

WRITTEN = {
    "softmax_forward": (
        "def softmax_forward(z):\n"
        "    e = np.exp(z - z.max(axis=1, keepdims=True))\n"
        "    out = e / e.sum(axis=1, keepdims=True)\n"
        "    return out, out"
    ),
    "softmax_backward": (
        "def softmax_backward(dout, cache):\n"
        "    return cache * (dout - (dout * cache).sum(axis=1, keepdims=True))"
    ),
}


class Folder:
    """What a student has: the released files, with the notebook open for changes."""

    def __init__(self, path):
        self.path = path
        self.notebook = path / "softmax.ipynb"
        self.content = json.loads(self.notebook.read_text())

    @property
    def release(self):
        return beside_notebook(self.path)

    def cell(self, grade_id):
        return self.content["cells"][place(self.content, grade_id)]

    def write(self, **sources):
        """Replace the text of cells and save."""
        for grade_id, source in sources.items():
            self.cell(grade_id)["source"] = source
        self.notebook.write_text(json.dumps(self.content))
        return self


@pytest.fixture(scope="session")
def released(tmp_path_factory):
    """The release of the example unit, built once."""
    paths = list(sys.path)
    root = new_course(tmp_path_factory.mktemp("course") / "my-course")[0].root
    course = load_course(root)
    publish(course, course.unit("softmax"), build(course, course.unit("softmax")))
    sys.path[:] = paths
    return root


@pytest.fixture
def folder(released, tmp_path):
    """A student's copy with both tasks written, far from any course."""
    path = tmp_path / "softmax"
    for file in (released / "release" / "softmax").rglob("*"):
        if file.is_file():
            target = path / file.relative_to(released / "release" / "softmax")
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_bytes(file.read_bytes())
    return Folder(path).write(**WRITTEN)
