"""Many submissions: found, graded by workers here or on a cluster, each result stored at once."""

# Modules of this package that other packages import.
FACE = ("booking", "changes", "cores", "grading", "run", "taking_in", "warm", "workers")
