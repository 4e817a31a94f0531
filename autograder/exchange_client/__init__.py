"""The name under which ``nbgrader_config.py`` files that are in use know ``autograder.exchange.client``."""
