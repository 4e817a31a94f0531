"""A server that somebody waits for: in a queue that is not the hub's, and found again by the hub's next run.

JupyterHub notes a server when it is up. Here what is known of one that is not up yet is in the hub's database
before anybody waits for it (``process/taken_up.py``), and its owner reads one line that changes.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from html import escape
from typing import TYPE_CHECKING, Any

from jupyterhub import orm
from tornado.web import HTTPError
from traitlets import Bool, HasTraits, Integer, Unicode

if TYPE_CHECKING:
    from jupyterhub.spawner import Spawner
else:
    Spawner = HasTraits  # JupyterHub takes no spawner without start, stop and poll, which the other one has

MARGIN_SECONDS = 10  # before JupyterHub's own timeout, which would give no reason
YOUR_TURN, NEXT = "It is your turn", "you are next"
LINES = 8  # of the log of a server that ended early, which its owner reads
LONGEST = 2000  # characters of them


class NotStarted(HTTPError):
    """A server did not start, for a reason that its owner should read."""

    def __init__(self, text: str, lines: str = "") -> None:
        super().__init__(500, f"{text} {lines}".strip())
        self.jupyterhub_message = text
        shown = f"</p><pre class='text-start text-wrap'>{escape(lines)}</pre><p>" if lines else ""
        self.jupyterhub_html_message = escape(text) + shown


class SchedulerSays(Exception):
    """What hands out the machines did not do what it was asked; the text says why."""


class WaitedFor(Spawner):
    """A spawner whose servers can be waited for and found again; stands before one of JupyterHub's."""

    waits = Bool(False, help="The server is asked for, and not up yet.")
    token_id = Integer(0, help="The server's own token, in the hub's database.")
    says = Unicode("", help="What its owner reads at the moment.")

    @property
    def near(self) -> bool:
        """Whether it is, or is soon going to be, the person's turn."""
        return self.says.startswith(YOUR_TURN) or NEXT in self.says

    @property
    def asked_for(self) -> str:
        """What the scheduler calls it, for the log."""
        raise NotImplementedError

    @property
    def wants_gpus(self) -> bool:
        """Whether it was asked for with GPUs."""
        raise NotImplementedError

    async def give_up(self) -> None:
        """Take it out of the queue.

        Raises:
            SchedulerSays: it could not be done.
        """
        raise NotImplementedError

    async def until_up(self) -> tuple[str, int]:
        """Wait for the turn and for the server; the server's host and port.

        Raises:
            NotStarted: with the reason.
        """
        raise NotImplementedError

    def load_state(self, state: dict[str, Any]) -> None:
        """What was known of the server."""
        super().load_state(state)
        self.waits, self.token_id = state.get("waits", False), state.get("token_id", 0)

    def get_state(self) -> dict[str, Any]:
        """What the next hub must know of the server."""
        state: dict[str, Any] = super().get_state()
        if self.asked_for:
            state |= {"token_id": self.token_id}
        if self.waits:
            state |= {"waits": True}
        return state

    def clear_state(self) -> None:
        """The server is over; its token is still to be ended (``forget_token``)."""
        super().clear_state()
        self.waits = False

    def is_waited_for(self) -> None:
        """Note it, before anybody waits."""
        self.waits = True
        self.keep()

    def keep(self) -> None:
        """Write down what the next hub must know."""
        self.orm_spawner.state = self.get_state()
        self.db.commit()

    def note_token(self) -> None:
        """Before the start: which token the server gets."""
        token = orm.APIToken.find(self.db, self.api_token)
        self.token_id = token.id if token else 0

    def too_late(self) -> NotStarted:
        """What is said when nobody waits any longer."""
        return NotStarted(
            f"Your server's turn did not come within {self.start_timeout / 3600:g} hours. Start it again."
        )

    async def progress(self) -> AsyncIterator[dict[str, Any]]:
        """What the page of a waiting person shows: one line, and again only when it changes."""
        told = ""
        while self.pending == "spawn":
            if self.says != told:
                told = self.says
                yield {"message": told, "progress": 70 if told.startswith(YOUR_TURN) else 10}
            await asyncio.sleep(0.5)


def printable(text: str) -> str:
    """The end of what a server wrote, as it is shown."""
    return "".join(letter for letter in text if letter.isprintable() or letter == "\n")[-LONGEST:].strip()


async def listens(host: str, port: int) -> bool:
    """Whether somebody answers there."""
    try:
        _, writer = await asyncio.wait_for(asyncio.open_connection(host, port), 1)
    except (OSError, TimeoutError):
        return False
    writer.close()
    return True


def forget_token(spawner: Any) -> None:
    """JupyterHub's ``post_stop_hook``: end the server's token; a restarted hub knows its number only."""
    token = spawner.db.get(orm.APIToken, spawner.token_id) if spawner.token_id else None
    if token is not None and token.user is spawner.user.orm_user:
        spawner.db.delete(token)
        spawner.db.commit()
