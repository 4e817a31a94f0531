"""The tables of the exchange beside those of facts; times are UTC, as ISO 8601 text or seconds since 1970."""

from __future__ import annotations

from sqlalchemy import Column, Float, Integer, String, Table, Text

from ...marks.tables import METADATA

__all__ = ["DRAFTS", "EXPLAINED", "FEEDBACK", "IN_HAND", "METADATA", "OPENINGS", "QUEUE", "TURNS", "VISITS"]

QUEUE = Table(
    "queue",
    METADATA,
    Column("place", Integer, primary_key=True),
    Column("attempt", String(32), nullable=False, unique=True),
    Column("worker", String(64), nullable=False, default=""),
    Column("lease", Float, nullable=False, default=0.0),  # until when the entry is the worker's
    Column("tries", Integer, nullable=False, default=0),
    Column("trouble", Text, nullable=False, default=""),  # why staff must look
)

# Whose an entry of the queue is, and in which round of turns it comes: see ``turns.py``.
TURNS = Table(
    "turns",
    METADATA,
    Column("attempt", String(32), primary_key=True),
    Column("student", String(255), nullable=False, index=True),
    Column("turn", Integer, nullable=False),
)

# What was uploaded and is no attempt yet: see ``drafts.py``.
DRAFTS = Table(
    "drafts",
    METADATA,
    Column("id", String(32), primary_key=True),
    Column("student", String(255), nullable=False, index=True),
    Column("unit", String(64), nullable=False),
    Column("files", Text, nullable=False),  # JSON: [[path, sha256, size], ...]
    Column("moment", Float, nullable=False),
)

# Which written answers people have before them: see ``in_hand.py``.
IN_HAND = Table(
    "in_hand",
    METADATA,
    Column("attempt", String(32), primary_key=True),
    Column("name", String(128), primary_key=True),  # of the written question
    Column("who", String(255), nullable=False),
    Column("until", Float, nullable=False),
)

OPENINGS = Table(
    "openings",
    METADATA,
    Column("unit", String(64), primary_key=True),
    Column("student", String(255), primary_key=True),
    Column("about", String(64), primary_key=True),  # digest of the task and what is explained
    Column("moment", Float, nullable=False),
)

# What the openings have shown, so that the same mistake in another attempt is not paid for again.
EXPLAINED = Table(
    "explained",
    METADATA,
    Column("unit", String(64), primary_key=True),
    Column("student", String(255), primary_key=True),
    Column("about", String(64), primary_key=True),  # digest of one explanation
)

FEEDBACK = Table(
    "feedback",
    METADATA,
    Column("attempt", String(32), primary_key=True),
    Column("name", String(200), primary_key=True),  # of the notebook
    Column("sha256", String(64), nullable=False),
    Column("moment", String(40), nullable=False),
)

# When a student last saw a unit's page or an attempt's: see ``visits.py``.
VISITS = Table(
    "visits",
    METADATA,
    Column("student", String(255), primary_key=True),
    Column("place", String(64), primary_key=True),  # name of the unit, or id of the attempt
    Column("moment", String(40), nullable=False),
)
