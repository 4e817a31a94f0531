"""What the service answers: the JSON of programs and the pages of people."""
