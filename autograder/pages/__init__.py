"""Feedback and report as HTML."""
