"""Feedback and report as HTML."""

# Modules of this package that other packages import.
FACE = ("feedback", "figures", "render", "report")
