"""``python -m tests.independent [UNIT...]`` (``make shares``): try all entries, store what came of them."""

import json
import sys

from autograder.course import load_course

from .shares import examine, read, write
from .solutions import FOLDER


def main(names: list[str]) -> None:
    """Examine the units named, or all that have solutions, and print the figures."""
    course = load_course()
    stored = read()
    for name in names or sorted(path.name for path in FOLDER.iterdir() if any(path.glob("[!_]*.py"))):
        stored[name] = examine(course, course.unit(name))
        print(name, json.dumps({k: v for k, v in stored[name].items() if k not in ("entries", "digest")}))
        for key, found in stored[name]["entries"].items():
            mistakes = key.split(": ")[1].split(" + ")
            right = mistakes == ["right"]
            if (right and found["lost"]) or (len(mistakes) == 1 and not right and found["names"] != mistakes):
                print("  ", key, found)
        write(stored)


if __name__ == "__main__":
    main(sys.argv[1:])
