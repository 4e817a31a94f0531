"""The page that waits for a server, where something on the way keeps its stream of events back."""

from typing import Any


def test_a_page_that_hears_nothing_asks_by_itself(people: dict[str, Any]) -> None:
    """No event ever arrives; JupyterLab comes up all the same, without a click."""
    student = people["student-002"]
    kept_back = []
    student.page.route("**/server/progress*", lambda route: kept_back.append(route))
    student.open("/hub/spawn")  # no server of this student runs, whoever was logged in before
    student.page.wait_for_selector("#jp-MainMenu", timeout=90_000)
    assert kept_back, "the page of a server that starts asks for events"
    student.page.unroute_all(behavior="ignoreErrors")
