"""Who may do what: groups of the roster and scopes of JupyterHub.

    nbgrader-<course>    students: the exchange
    formgrade-<course>   staff: the exchange and formgrader
    instructor-<course>  instructors: see and stop servers, read metrics as well

These are nbgrader's own names for the first two groups. Nobody is an administrator of
the hub: with that role one could enter a student's server.
"""

from __future__ import annotations

from typing import Any

from ...marks.roster import Member

EXCHANGE = "exchange"  # name of the exchange's service


def groups_of(course: str, member: Member) -> list[str]:
    """The groups of one person."""
    if not member.is_staff:
        return [f"nbgrader-{course}"]
    return [f"formgrade-{course}"] + ([f"instructor-{course}"] if member.role == "instructor" else [])


def roles(course: str) -> list[dict[str, Any]]:
    """JupyterHub's ``load_roles``."""
    exchange = [f"access:services!service={EXCHANGE}", f"read:services!service={EXCHANGE}"]
    known = ["list:services", f"read:services!service={course}"]  # nbgrader's list of courses asks
    return [
        # a server speaks for its user, with what the user may do
        {"name": "server", "scopes": ["inherit"]},
        {
            "name": f"nbgrader-{course}",
            "groups": [f"nbgrader-{course}"],
            "scopes": [*exchange, *known],
        },
        {
            "name": f"formgrade-{course}",
            "groups": [f"formgrade-{course}"],
            "scopes": [*exchange, *known, f"access:services!service={course}"],
        },
        {
            "name": f"instructor-{course}",
            "groups": [f"instructor-{course}"],
            "scopes": ["admin-ui", "list:users", "read:servers", "delete:servers", "read:metrics"],
        },
        {
            "name": "course-formgrader",
            "services": [course],
            "scopes": [
                "list:users",
                "read:users:groups",
                "list:groups",
                f"access:services!service={EXCHANGE}",
            ],
        },
        {
            "name": "course-exchange",
            "services": [EXCHANGE],
            "scopes": ["list:users", "read:users:name", "read:users:groups", "list:groups"],
        },
        {
            "name": "course-culler",
            "services": ["culler"],
            "scopes": ["list:users", "read:users:activity", "read:servers", "delete:servers"],
        },
        {
            "name": "course-roster",
            "services": ["roster"],
            "scopes": ["list:users", "delete:users", "delete:servers"],
        },
        {"name": "course-metrics", "services": ["metrics"], "scopes": ["read:metrics"]},
    ]
