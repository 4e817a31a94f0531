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


@test_case(name='"The experiment has the right form, and the two optimizers end at different places"')
def test_bug_hunt(bug_hunt, final_places):
    """The experiment has the right form, and the two optimizers end at different places."""
    _defined(bug_hunt=bug_hunt, final_places=final_places)
    rates, gradients = bug_hunt()
    assert 1 <= len(rates) == len(gradients) <= 5, "Return two lists of equal length, 1 to 5."
    assert all(rate in (1.0, 0.1, 0.01) for rate in rates), f"Rates are 1.0, 0.1 or 0.01, not {rates}."
    assert all(g == int(g) and -9 <= g <= 9 for g in gradients), "Gradients are whole numbers from -9 to 9."
    right, suspect = final_places(rates, gradients)
    assert abs(right - suspect) > 0.1, (
        f"Your SGD ends at {right}, SuspectSGD at {suspect}. Either the experiment proves nothing yet, "
        "or your SGD has the error that you are looking for."
    )
