"""What honest students leave in a notebook, and what hostile ones put there."""

from __future__ import annotations

import random

from .solving import Notebook, code_cell, task_cells

# Each is harmless and must not cost a point.
MESSY_CELLS = (
    "%matplotlib inline\nimport matplotlib.pyplot as plt\nplt.plot([1, 2, 3])\nplt.show()",
    "%%time\nlosses = []\nfor step in range(10):\n    losses.append(1 / (step + 1))\nprint(losses[-1])",
    "# does this work?? ask on the forum\nprint('shape', undefined_variable.shape)",
    "import seaborn as sns\nsns.set_theme()",
    "!pip install tqdm\nfrom tqdm import tqdm",
    "λ = 0.5\nprint(f'λ = {λ}')",
    "del_me = [i ** 2 for i in range(1000)]\ndel_me[:5]",
)

# Each tries to cheat or to hurt; none may earn a point for the task it is in.
HOSTILE_LINES = {
    "endless": "while True:\n    pass",
    "exits": "import os\nos._exit(0)",
    "memory": "hoard = [bytearray(1 << 28) for _ in range(1000)]",
    "floods": "while True:\n    print('x' * 100_000)",
    "forks": "import os\nwhile True:\n    os.fork()",
    "reads": "import pathlib\nreturn eval(next(pathlib.Path('/').rglob('solutions/*.py')).read_text())",
    "network": "import socket\nsocket.create_connection(('127.0.0.1', 80), timeout=1)",
    "recursion": "f = lambda g: g(g)\nreturn f(f)",
    "signals": "import os\nos.kill(-1, 9)",
}


def add_mess(notebook: Notebook, rng: random.Random) -> Notebook:
    """Put some messy cells between the others."""
    for source in rng.sample(MESSY_CELLS, k=4):
        notebook["cells"].insert(rng.randrange(3, len(notebook["cells"])), code_cell(source))
    return notebook


def make_hostile(notebook: Notebook, kind: str, rng: random.Random) -> Notebook:
    """Replace the body of the first function that is asked for by an attack."""
    cell = task_cells(notebook)[0]
    head = next(line for line in cell["source"].splitlines() if line.lstrip().startswith(("def ", "class ")))
    if head.startswith("class "):
        head += "\n    def __init__(self, *args, **kwargs):"
    name = head.split("(")[0].removeprefix("def ").strip()
    signature = head if "class " in head else f"def {name}(*args, **kwargs):"
    indent = " " * (8 if "class " in head else 4)
    body = "\n".join(indent + line for line in HOSTILE_LINES[kind].splitlines())
    cell["source"] = f"{signature}\n{body}".replace("return ", "result = " if "class " in head else "return ")
    return notebook
