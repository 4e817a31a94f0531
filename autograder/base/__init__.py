"""The ground that every package stands on; imports nothing of ours."""

# Modules of this package that other packages import.
FACE = (
    "apart",
    "batched",
    "cpu_limit",
    "databases",
    "digest",
    "errors",
    "files",
    "forwarded",
    "garbage",
    "leftovers",
    "loopback",
    "memory_limit",
    "python",
    "sqlite_copy",
    "text",
    "threads",
    "tied",
    "time_limit",
    "typed",
    "unix_sockets",
)
