"""What a person is logged in with at the hub, and how all of it ends.

A login session is JupyterHub's cookie, which holds the user's ``cookie_id``, and a token for each service or
server that the browser opened since (OAuth). A new ``cookie_id`` ends the cookies of all browsers; the
tokens are rows that are deleted. Two more kinds are tokens that a person made on the page "Tokens" and the
own token of each running server; both belong to the client ``jupyterhub``, and so that nobody can make the
one look like the other, a server's own is marked in a column that no request of theirs can set.

Behind the point of a ``cookie_id`` stands a mark of the password. Where it is not that of today's password,
the sessions are of an earlier one and end: whoever changed it, by whatever way, whether or not a hub ran.
"""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Callable
from typing import Any

from jupyterhub import orm

from .passwords import Hash

OF_HUB = "jupyterhub"  # JupyterHub's OAuth client of tokens that come from no login
OF_SERVER = "own-token-of-a-server"


def mark_of(known: Hash | None) -> str:
    """Tells one password from the next; of the salt alone, since browsers see it."""
    return hashlib.sha256(known.salt).hexdigest()[:16] if known else "none"


def set_mark(user: orm.User, mark: str) -> None:
    """Make all cookies of a user invalid; the next ones are of the password with this mark."""
    user.cookie_id = f"{secrets.token_hex(24)}.{mark}"


def mark_in(user: orm.User) -> str | None:
    """The mark of the password that the user's cookies were given for; None where nobody noted it."""
    _, point, mark = user.cookie_id.partition(".")
    return mark if point else None


def note_server_token(db: Any, token: str) -> None:
    """Mark a token as the own token of a server that starts."""
    found = orm.APIToken.find(db, token)
    if found is not None:
        found.session_id = OF_SERVER
        db.commit()


def end_sessions(db: Any, user: orm.User) -> None:
    """Log a person out in all browsers, of hub, services and servers."""
    set_mark(user, mark_in(user) or "none")
    _end(db, user, lambda token: token.client_id != OF_HUB)


def end_all_but_servers(db: Any, user: orm.User, mark: str) -> None:
    """The same after a change of password, and end tokens that the person made."""
    set_mark(user, mark)
    _end(db, user, lambda token: token.client_id != OF_HUB or token.session_id != OF_SERVER)


def _end(db: Any, user: orm.User, ends: Callable[[orm.APIToken], bool]) -> None:
    for token in list(user.api_tokens):
        if ends(token):
            db.delete(token)
    for code in list(user.oauth_codes):  # a login that is under way
        db.delete(code)
    db.commit()
