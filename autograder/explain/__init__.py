"""What a student is told beside the verdict, and what staff may replay."""

from .explain import Diagnosis, Explainer, diagnosis, explanation_digest

__all__ = ["Diagnosis", "Explainer", "diagnosis", "explanation_digest"]
