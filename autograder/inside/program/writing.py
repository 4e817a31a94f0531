"""Which statements write a file, and with what text."""

from __future__ import annotations

import ast
import posixpath
from dataclasses import dataclass

from .magics import WRITE


@dataclass(frozen=True)
class Writing:
    """A statement that writes a literal text."""

    path: str
    text: str
    append: bool
    line: int  # of the cell, where the text begins

    @property
    def file(self) -> tuple[str, str]:
        """Path and text."""
        return self.path, self.text

    @property
    def node(self) -> ast.expr:
        """The call that carries it out while the notebook runs."""
        text = f"{WRITE}({self.path!r}, {self.text!r}, {self.append!r}, {self.line!r})"
        return ast.parse(text, mode="eval").body


def written_by(node: ast.stmt) -> Writing | None:
    """The file that a statement writes and nothing else: by a cell magic, ``open`` or ``Path.write_text``."""
    if isinstance(node, ast.With):
        return _with_open(node)
    call = node.value if isinstance(node, (ast.Expr, ast.Assign)) else None
    if not isinstance(call, ast.Call):
        return None
    if isinstance(call.func, ast.Name) and call.func.id == WRITE:
        path, text, append, line = (arg.value for arg in call.args if isinstance(arg, ast.Constant))
        return Writing(normal(str(path)), str(text), bool(append), int(line))  # type: ignore[arg-type]
    if not isinstance(call.func, ast.Attribute) or call.func.attr not in ("write", "write_text"):
        return None
    return _call(call, _target(call.func.value, call.func.attr))


def _with_open(node: ast.With) -> Writing | None:
    """``with open("pads.py", "w") as file: file.write("...")``."""
    item, inner = node.items[0], node.body[0]
    call = inner.value if isinstance(inner, ast.Expr) else None
    if len(node.items) > 1 or len(node.body) > 1 or not isinstance(call, ast.Call):
        return None
    written = isinstance(call.func, ast.Attribute) and call.func.attr == "write"
    file = call.func.value if isinstance(call.func, ast.Attribute) else None
    same = isinstance(file, ast.Name) and isinstance(item.optional_vars, ast.Name)
    if not (written and same and file.id == item.optional_vars.id):  # type: ignore[union-attr]
        return None
    return _call(call, _target(item.context_expr, "write"))


def _call(call: ast.Call, target: tuple[str, bool] | None) -> Writing | None:
    text = literal(call.args[0]) if call.args else None
    if target is None or text is None:
        return None
    return Writing(target[0], text, target[1], call.args[0].lineno)


def _target(node: ast.expr, method: str) -> tuple[str, bool] | None:
    """The path of ``open("pads.py", "w")`` or ``Path("pads.py")``, and whether what is there stays."""
    if not isinstance(node, ast.Call) or not node.args:
        return None
    path = literal(node.args[0])
    name = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
    if path is None or name != ("open" if method == "write" else "Path"):
        return None
    if name == "Path":
        return normal(path), False
    modes = [*node.args[1:2], *(keyword.value for keyword in node.keywords if keyword.arg == "mode")]
    mode = literal(modes[0]) if modes else None
    return (normal(path), "a" in mode) if mode and set(mode) & set("wax") else None


def opened_by(node: ast.stmt) -> set[str]:
    """Modules that a statement writes in some other way, so that only running it tells the text."""
    calls = [part for part in ast.walk(node) if isinstance(part, ast.Call)]
    targets = [_target(call, "write") for call in calls]
    for call in calls:
        if isinstance(call.func, ast.Attribute) and call.func.attr == "write_text":
            targets.append(_target(call.func.value, "write_text"))
    return {target[0] for target in targets if target is not None and target[0].endswith(".py")}


def literal(node: ast.expr) -> str | None:
    """The text that stands there; None where it is made up."""
    return node.value if isinstance(node, ast.Constant) and isinstance(node.value, str) else None


def normal(path: str) -> str:
    """A path as it is written in one way."""
    return posixpath.normpath(path.replace("\\", "/"))
