"""Many submissions: found, graded by workers here or on a cluster, each result stored at once."""
