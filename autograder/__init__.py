"""An auto-grader for deep-learning courses whose judge and accused never share a process."""

__version__ = "0.1.0"

# The map. A package imports packages that stand above it, never below; tests/test_layers.py holds it.
# What lies beside them is for courses (course, mistakes, compare, laws) and released notebooks
# (notebook_checks).
PACKAGES = (
    "base",  # the ground: errors, files, texts, time limits; the standard library and SQLAlchemy
    "inside",  # what runs beside the student's code; the only folder that is mounted into the sandbox
    "results",  # a result, where it is kept, how late it is, what of it is shown
    "checks",  # what a grader says: comparisons, laws, drawn inputs
    "notebook",  # a submitted or released notebook: find, read, heal
    "marks",  # the facts that marks follow from, and the one function that computes them
    "unit",  # what an instructor writes, and the release that is made of it
    "sandbox",  # the judge's end of a sandbox; what can be trusted on this machine
    "student",  # what a check calls
    "judge",  # the checks of a unit on one submission, which makes a result
    "explain",  # what a student is told beside the verdict
    "prove",  # is a unit's grader right?
    "gradebook",  # nbgrader's gradebook, formgrader and feedback
    "pages",  # feedback and report as HTML
    "batch",  # many submissions, here or on a cluster
    "export",  # other platforms
    "preflight",  # what would happen if it were handed in now
    "exchange",  # releases out, submissions in, graded on submit
    "hub",  # people, servers and services from one command
    "keeping",  # the data folder copied beside a running hub, and put back
    "demo",  # a simulated class and the whole story
    "commands",  # one module per command: parse, call, print
)
