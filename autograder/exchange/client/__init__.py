"""The exchange from the other side: nbgrader's commands and buttons, ``course release`` and ``collect``.

``plugins`` holds the classes that nbgrader loads; they are the only ones here that import
it, which takes two seconds. ``service`` is the HTTP client under them.
"""
