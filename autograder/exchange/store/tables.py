"""The tables of the exchange; times are UTC, as ISO 8601 text or seconds since 1970."""

from __future__ import annotations

from sqlalchemy import Boolean, Column, Float, Integer, MetaData, String, Table, Text, UniqueConstraint

METADATA = MetaData()

RELEASES = Table(
    "releases",
    METADATA,
    Column("id", Integer, primary_key=True),
    Column("unit", String(64), nullable=False, index=True),
    Column("version", String(64), nullable=False),  # of the released notebook
    Column("moment", String(40), nullable=False),
    Column("by", String(255), nullable=False),
    Column("files", Text, nullable=False),  # JSON: [[path, sha256, size], ...]
    Column("withdrawn", Boolean, nullable=False, default=False),
)

ATTEMPTS = Table(
    "attempts",
    METADATA,
    Column("id", String(32), primary_key=True),
    Column("unit", String(64), nullable=False),
    Column("student", String(255), nullable=False),
    Column("number", Integer, nullable=False),  # from 1, per student and unit
    Column("received", String(40), nullable=False),
    Column("sha256", String(64), nullable=False),  # of the list of files
    Column("size", Integer, nullable=False),
    Column("files", Text, nullable=False),
    Column("receipt", Text, nullable=False),
    Column("key", String(64)),  # chosen by the client: the same request sent twice is one attempt
    UniqueConstraint("unit", "student", "number"),
    UniqueConstraint("unit", "student", "key"),
)

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

RESULTS = Table(
    "results",
    METADATA,
    Column("attempt", String(32), primary_key=True),
    Column("graded", String(40), nullable=False),
    Column("digest", String(64), nullable=False),
    Column("explained", String(64), nullable=False),
    Column("score", Float),  # None: BROKEN
    Column("max_score", Float, nullable=False),
    Column("bonus", Float, nullable=False),
    Column("content", Text, nullable=False),  # the result as JSON
)

STANDINGS = Table(
    "standings",
    METADATA,
    Column("unit", String(64), primary_key=True),
    Column("student", String(255), primary_key=True),
    Column("changes", Integer, nullable=False, default=0),  # counts results
    Column("written", Integer, nullable=False, default=0),  # changes that the results folder has
    Column("projected", Integer, nullable=False, default=0),  # changes that the gradebook has
)

OPENINGS = Table(
    "openings",
    METADATA,
    Column("unit", String(64), primary_key=True),
    Column("student", String(255), primary_key=True),
    Column("about", String(64), primary_key=True),  # digest of the task and what is explained
    Column("moment", Float, nullable=False),
)

FEEDBACK = Table(
    "feedback",
    METADATA,
    Column("attempt", String(32), primary_key=True),
    Column("name", String(200), primary_key=True),  # of the notebook
    Column("sha256", String(64), nullable=False),
    Column("moment", String(40), nullable=False),
)
