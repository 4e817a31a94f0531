"""Public checks of bug_hunt. The hidden checks decide the mark; these say early what goes wrong."""

from otter.test_files import test_case

OK_FORMAT = False
name = "bug_hunt"
points = None


def _defined(**names):
    """Say plainly that a name is missing, before a check trips over it."""
    for name, value in names.items():
        if value is None:
            raise NameError(f"{name} is not defined yet: run the cell that defines it, then this one.")


@test_case(name='"The form of the worlds, and what both iterations say of them"')
def test_bug_hunt(bug_hunt, worlds_fit):
    """The form of the worlds, and what both iterations say of them."""
    _defined(bug_hunt=bug_hunt, worlds_fit=worlds_fit)
    worlds_fit(bug_hunt())
