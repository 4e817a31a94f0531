"""What a student is told beside the verdict, and what staff may replay."""

from .explain import Diagnosis, Explainer, diagnosis, explanation_digest

# Modules of this package that other packages import.
FACE = ("naming", "replay")

__all__ = ["Diagnosis", "Explainer", "diagnosis", "explanation_digest"]
