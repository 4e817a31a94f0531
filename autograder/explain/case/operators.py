"""Operators as they are written in a cell."""

from __future__ import annotations

BINARY = {
    "add": "+",
    "sub": "-",
    "mul": "*",
    "truediv": "/",
    "floordiv": "//",
    "mod": "%",
    "pow": "**",
    "matmul": "@",
    "lshift": "<<",
    "rshift": ">>",
    "and": "&",
    "or": "|",
    "xor": "^",
    "eq": "==",
    "ne": "!=",
    "lt": "<",
    "le": "<=",
    "gt": ">",
    "ge": ">=",
}
UNARY = {"neg": "-", "pos": "+", "invert": "~"}


def written(name: str, operands: list[str]) -> str:
    """``a + b``, ``-a``, or a function such as ``abs(a)``."""
    if name in BINARY:
        return f" {BINARY[name]} ".join(operands)
    if name in UNARY:
        return f"{UNARY[name]}{operands[0]}"
    return f"{name}({', '.join(operands)})"
