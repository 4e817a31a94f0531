"""The part that runs beside the student's code.

Nothing in this folder imports anything of ours but this folder: it is the only
part of the engine that is mounted into the sandbox.
"""

# Modules of this package that other packages import.
FACE = (
    "host",
    "objects",
    "process.control",
    "program.loading",
    "program.magics",
    "program.names",
    "program.placeholders",
    "program.unfinished",
    "wire",
)
