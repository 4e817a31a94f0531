"""What a person may choose for a server: a profile, and the copy that staff look at. Nothing else.

JupyterHub's API takes any JSON as options of a server, and hands it to the spawner. Spawners
read their own words in it (batchspawner fills the job's script from it), so that a student could
set the limits of a job. Here it is cleaned before any spawner sees it.
"""

from __future__ import annotations

from typing import Any

CHOICES = ("profile", "copy")
LONGEST = 2000  # characters; a copy's signed word is the longest


def from_form(form_data: dict[str, list[str]]) -> dict[str, str]:
    """The choice from the form, or from the query of a link."""
    return {name: form_data[name][0] for name in CHOICES if form_data.get(name, [""])[0]}


def only_choices(spawner: Any, options: Any) -> None:
    """JupyterHub's ``apply_user_options``: leave the known choices, as text; forget what else came.

    Args:
        spawner: the server's spawner, whose options and whose stored options are replaced.
        options: what came from the form, a link or the API.

    Raises:
        tornado.web.HTTPError: a choice is no text.
    """
    from tornado import web

    given = options if isinstance(options, dict) else {}
    chosen = {name: given[name] for name in CHOICES if given.get(name) not in ("", None)}
    wrong = [name for name, value in chosen.items() if not _is_word(value)]
    kept = {name: value for name, value in chosen.items() if name not in wrong}
    spawner.user_options = spawner.orm_spawner.user_options = kept  # also what the next start finds stored
    if wrong:
        raise web.HTTPError(400, f"A server's option {wrong[0]} must be a text of at most {LONGEST} letters.")


def _is_word(value: Any) -> bool:
    return isinstance(value, str) and len(value) <= LONGEST and value.isprintable()
