"""``grader`` in a student's notebook where the engine is installed."""

import os
import signal
import subprocess
import sys
import time

import pytest

from autograder.notebook_checks import Companion, Executed, Grader, Unavailable
from tests.support import code, shortest

pytestmark = pytest.mark.sandbox


@pytest.fixture
def grader(folder, monkeypatch):
    """The grader of a student's folder; ended afterwards."""
    monkeypatch.delenv("JPY_SESSION_NAME", raising=False)
    made = Grader(folder.path)
    yield made
    made.close()


def test_the_saved_notebook_is_checked_and_the_hidden_checks_are_mentioned(grader, capsys):
    """One line for each public check of the task."""
    grader.check("softmax_forward")
    text = capsys.readouterr().out
    assert text.count("passed  softmax_forward") == 1 and "softmax_backward" not in text
    assert "The hidden checks decide the mark." in text and "same loader as grading" in text


def test_an_answer_takes_less_than_a_second(grader, capsys):
    """Once warm, which it is long before a student has written anything."""
    grader.check_all()
    assert capsys.readouterr().out.count("passed") == 2
    assert shortest(grader.check_all, enough=1.0) < 1.0
    assert capsys.readouterr().out.count("passed") in (2, 4, 6)  # it is asked once, or up to three times


def test_every_answer_reads_the_file_anew(grader, folder, capsys):
    """What was saved since the last answer counts."""
    grader.check("softmax_forward")
    folder.write(softmax_forward="def softmax_forward(z):\n    return z, z")
    grader.check("softmax_forward")
    assert "FAILED  softmax_forward" in capsys.readouterr().out


def test_work_that_was_run_but_not_saved_is_told(grader, folder, capsys):
    """Run after saving and not in the file: a warning; saved as well: none."""
    source = "def softmax_forward(z):\n    return z, 'new'"
    os.utime(folder.notebook, (time.time() - 60,) * 2)
    grader.executed.note(source)
    grader.check("softmax_forward")
    assert "NOT SAVED" in capsys.readouterr().out
    folder.write(softmax_forward=source + "  \n")
    grader.check("softmax_forward")
    assert "NOT SAVED" not in capsys.readouterr().out


def test_running_a_check_or_a_plot_is_no_unsaved_work(folder):
    """Only cells that define something can make a difference to what is graded."""
    executed = Executed()
    os.utime(folder.notebook, (time.time() - 60,) * 2)
    executed.note('grader.check("softmax_forward")')
    assert not executed.unsaved(folder.notebook, [])


def test_a_stub_and_a_syntax_error_are_told(grader, folder, capsys):
    """In words, not as a traceback."""
    stub = next(c.source for c in folder.release.cells if c.task == "softmax_backward")
    folder.write(softmax_forward="def softmax_forward(z:", softmax_backward=stub)
    grader.check_all()
    text = capsys.readouterr().out
    assert "to do   softmax_backward" in text and "FAILED  softmax_forward: cell" in text


def test_the_students_code_does_not_run_in_the_companion(grader, folder, capsys):
    """A notebook that ends its process ends that of the sandbox; the next answer comes all the same."""
    right = folder.cell("softmax_forward")["source"]
    folder.write(softmax_forward="import os\n" + right.replace("(z", "(z=os._exit(0)", 1))
    grader.check("softmax_forward")
    text = capsys.readouterr().out
    assert "FAILED" in text
    assert "os._exit(0)" in text
    folder.write(softmax_forward=right)
    grader.check("softmax_forward")
    assert "FAILED" not in capsys.readouterr().out


def test_a_companion_that_ended_is_started_again(grader, capsys):
    """It goes after half an hour without a question."""
    grader.check("softmax_forward")
    grader._companion.close()
    grader.check("softmax_forward")
    assert capsys.readouterr().out.count("passed") == 2


def test_an_interrupted_check_does_not_answer_the_next_one(grader, folder, capsys):
    """After Ctrl-C the answer that was under way is nobody's."""
    grader.check("softmax_forward")
    right = folder.cell("softmax_forward")["source"]
    folder.write(softmax_forward="import time\n" + right.replace("(z", "(z=time.sleep(3)", 1))
    before = signal.signal(signal.SIGALRM, signal.default_int_handler)  # as Ctrl-C does
    try:
        signal.setitimer(signal.ITIMER_REAL, 0.7)
        with pytest.raises(KeyboardInterrupt):
            grader.check("softmax_forward")
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)
    folder.write(softmax_forward=right)
    capsys.readouterr()
    grader.check("softmax_backward")
    text = capsys.readouterr().out
    assert "softmax_backward" in text
    assert "softmax_forward" not in text


def test_without_the_released_files_otter_is_used_and_it_says_so(tmp_path, monkeypatch, capsys):
    """Elsewhere plain Otter checks what the kernel holds."""
    monkeypatch.delenv("JPY_SESSION_NAME", raising=False)

    class Otter:
        def check(self, task):
            return f"otter says {task}"

    grader = Grader(tmp_path)
    grader._otter = Otter()
    grader.check("softmax_forward")
    text = capsys.readouterr().out
    assert "cannot be checked here" in text and "Checked by Otter in this kernel" in text
    assert "otter says softmax_forward" in text


def test_a_companion_without_files_says_why(tmp_path):
    """The reason travels to the notebook."""
    companion = Companion(tmp_path)
    with pytest.raises(Unavailable, match=r"released.json is missing"):
        companion.ask(tmp_path / "x.ipynb", ())
    companion.close()


def test_a_renamed_notebook_is_found(folder, grader, monkeypatch):
    """Jupyter's session names the file; without one, the only notebook of the folder is meant."""
    renamed = folder.notebook.rename(folder.path / "my work.ipynb")
    assert grader.notebook() == renamed
    second = folder.path / "another.ipynb"
    second.write_text("{}")
    with pytest.raises(Unavailable, match=r"expected softmax\.ipynb"):
        grader.notebook()
    monkeypatch.setenv("JPY_SESSION_NAME", str(renamed))
    assert grader.notebook() == renamed


def test_importing_it_into_a_kernel_is_light():
    """Standard library only: no NumPy, no part of the engine but its version."""
    script = (
        "import sys; before = set(sys.modules); import autograder.notebook_checks; "
        "print(sorted({m.split('.')[0] for m in set(sys.modules) - before} - sys.stdlib_module_names))"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "['autograder']"


def test_it_works_in_a_real_kernel(folder):
    """The released notebook run by Jupyter: the set-up cell takes our grader, check cells print."""
    import nbformat
    from nbclient import NotebookClient

    folder.content["cells"].append({**code("grader.check_all()"), "id": "mine"})
    folder.write()
    notebook = nbformat.read(folder.notebook, as_version=4)
    NotebookClient(notebook, resources={"metadata": {"path": str(folder.path)}}, timeout=120).execute()
    text = "".join(output.get("text", "") for output in notebook.cells[-1].outputs)
    assert text.count("passed") == 2 and "same loader as grading" in text
