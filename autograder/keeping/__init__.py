"""The data folder copied beside a running hub, and put back.

Theory of operation
    Databases are copied first, each as one consistent state; then the files. A file that an attempt names
    was on the disk before the attempt was in the database, and is never changed or removed: so every file
    that the copied database names is among those copied after it, and that is looked at (``blobs.py``).
    Everything is written to a folder beside the final one, with a list of SHA-256 digests, and renamed at the
    end: under its own name a backup is whole. What is left out is a list (``contents.py``), so that a
    file that a later release adds is in the backup until somebody says otherwise.
"""

# Modules of this package that other packages import.
FACE = ("backup", "restore")
