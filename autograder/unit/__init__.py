"""What an instructor writes, and the release that is made of it."""

# Modules of this package that other packages import.
FACE = (
    "criteria",
    "master",
    "mistakes.catalogue",
    "mistakes.copies",
    "mistakes.edits",
    "mistakes.entries",
    "mistakes.mutants",
    "release",
    "scaffold",
    "source",
    "stubs",
)
