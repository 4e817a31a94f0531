"""What a grader says: comparisons, laws, drawn inputs."""
