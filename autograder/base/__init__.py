"""The ground that every package stands on; imports nothing of ours."""

# Modules of this package that other packages import.
FACE = (
    "databases",
    "digest",
    "errors",
    "files",
    "garbage",
    "leftovers",
    "memory_limit",
    "python",
    "text",
    "threads",
    "time_limit",
    "typed",
)
