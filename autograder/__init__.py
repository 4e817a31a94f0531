"""An auto-grader for deep-learning courses whose judge and accused never share a process."""

__version__ = "0.1.0"
