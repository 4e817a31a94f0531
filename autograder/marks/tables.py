"""The tables of facts; times are UTC, as ISO 8601 text.

The exchange adds its own tables (queue, openings, ...) to the same ``METADATA``: it is one
database, so that an attempt and its place in the queue are one transaction.
"""

from __future__ import annotations

from sqlalchemy import Boolean, Column, Float, Index, Integer, MetaData, String, Table, Text, UniqueConstraint

METADATA = MetaData()

SCHEMA = Table(
    "schema_version",
    METADATA,
    Column("version", Integer, primary_key=True),
    Column("moment", String(40), nullable=False),
)

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
    Column("received", String(40), nullable=False),  # by our clock: when it came to us
    Column("sha256", String(64), nullable=False),  # of the list of files; "" where they are not kept
    Column("size", Integer, nullable=False),
    Column("files", Text, nullable=False),  # JSON: [[path, sha256, size], ...]
    Column("receipt", Text, nullable=False),  # "" for one from a file
    Column("key", String(64)),  # chosen by the client: the same request sent twice is one attempt
    Column("origin", String(16), nullable=False, server_default="hub"),  # or "files"
    # when it was handed in, as its platform says; NULL: not known. On the hub that is ``received``.
    Column("submitted", String(40)),
    Column("stated_late", Boolean, nullable=False, server_default="0"),  # by a platform that says no time
    UniqueConstraint("unit", "student", "number"),
    UniqueConstraint("unit", "student", "key"),
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
    # JSON, from the content: {"tasks": {task: [core, bonus]}, "answers": {question: digest or ""}}
    Column("summary", Text, nullable=False, server_default=""),
)

BY_HAND = Table(
    "by_hand",
    METADATA,
    Column("id", Integer, primary_key=True),
    Column("unit", String(64), nullable=False),
    Column("student", String(255), nullable=False),
    Column("attempt", String(32), nullable=False),
    Column("name", String(128), nullable=False),  # of the task or the written question
    Column("answer", String(64), nullable=False),  # digest of the written answer; "" for a task
    Column("kind", String(16), nullable=False),  # "points", "extra" or "comment"
    Column("points", Float),  # NULL: taken back
    Column("comment", Text, nullable=False),
    Column("automatic", Float),  # what the checks gave at that moment
    Column("who", String(255), nullable=False),
    Column("moment", String(40), nullable=False),
    Column("why", Text, nullable=False),
    Index("by_hand_of_student", "student", "unit"),
)

# What points of a written answer are given for, in the words that are used again: see ``rubric.py``.
RUBRIC = Table(
    "rubric",
    METADATA,
    Column("id", Integer, primary_key=True),  # of one wording; the last one of an item holds
    Column("item", String(16), nullable=False),
    Column("unit", String(64), nullable=False),
    Column("name", String(128), nullable=False),  # of the written question
    Column("text", Text, nullable=False),
    Column("points", Float, nullable=False),  # earned, or below 0: lost
    Column("withdrawn", Boolean, nullable=False),
    Column("who", String(255), nullable=False),
    Column("moment", String(40), nullable=False),
    Index("rubric_of_question", "unit", "name"),
)

TICKS = Table(
    "rubric_ticks",
    METADATA,
    Column("entry", Integer, primary_key=True),  # of ``BY_HAND``
    Column("wording", Integer, primary_key=True),  # of ``RUBRIC``
)

# Up to which entry by hand students may read the comments of a unit: see ``handed_out.py``.
HANDED_OUT = Table(
    "handed_out",
    METADATA,
    Column("id", Integer, primary_key=True),
    Column("unit", String(64), nullable=False, index=True),
    Column("last", Integer, nullable=False),  # of ``BY_HAND``
    Column("who", String(255), nullable=False),
    Column("moment", String(40), nullable=False),
)

EXCEPTIONS = Table(
    "exceptions",
    METADATA,
    Column("id", Integer, primary_key=True),
    Column("unit", String(64), nullable=False),  # "" for all
    Column("student", String(255), nullable=False),  # "" for all
    Column("kind", String(16), nullable=False),  # see ``exceptions.KINDS``
    Column("value", String(64), nullable=False),
    Column("who", String(255), nullable=False),
    Column("moment", String(40), nullable=False),
    Column("why", Text, nullable=False),  # for staff only
    Column("lifted", String(40)),  # when it was taken back
    Column("lifted_by", String(255), nullable=False, server_default=""),
    Column("lifted_why", Text, nullable=False, server_default=""),
)

KEPT = Table(
    "kept",
    METADATA,
    Column("id", Integer, primary_key=True),
    Column("attempt", String(32), nullable=False, index=True),
    Column("score", Float, nullable=False),
    Column("bonus", Float, nullable=False),
    Column("tasks", Text, nullable=False),  # JSON: {task: [core, bonus]}
    Column("who", String(255), nullable=False),
    Column("moment", String(40), nullable=False),
    Column("why", Text, nullable=False),
    Column("lifted", String(40)),
    Column("lifted_by", String(255), nullable=False, server_default=""),
    Column("lifted_why", Text, nullable=False, server_default=""),
)

# What students ask a person to look at again: see ``requests.py``.
REQUESTS = Table(
    "requests",
    METADATA,
    Column("id", Integer, primary_key=True),
    Column("attempt", String(32), nullable=False, index=True),
    Column("unit", String(64), nullable=False),
    Column("student", String(255), nullable=False),
    Column("name", String(128), nullable=False),  # of the task or the written question
    Column("check", String(200), nullable=False),  # of the task; "" for all of it
    Column("why", Text, nullable=False),  # the student's reason
    Column("moment", String(40), nullable=False),
    Column("answered", String(40)),  # NULL: it waits
    Column("answered_by", String(255), nullable=False, server_default=""),
    Column("answer", Text, nullable=False, server_default=""),  # for the student
    UniqueConstraint("attempt", "name", "check"),
)

# Which student a learning platform's number is: see ``identities.py``.
IDENTITIES = Table(
    "identities",
    METADATA,
    Column("platform", String(32), primary_key=True),
    Column("unit", String(64), primary_key=True),  # in which alone the number holds; "" for all
    Column("id", String(64), primary_key=True),  # the platform's
    Column("student", String(255), nullable=False),
    Column("called", Text, nullable=False),  # the platform's own name
    Column("people", Text, nullable=False),  # JSON: [[name, sid, e-mail], ...] of who handed it in
)

# When marks were shown outside the exchange: see ``shown.py``.
SHOWN = Table(
    "shown",
    METADATA,
    Column("id", Integer, primary_key=True),
    Column("unit", String(64), nullable=False, index=True),
    Column("student", String(255), nullable=False),  # "" for all
    Column("moment", String(40), nullable=False),
)

# By which dates and policies the projections of a unit were written: see ``standings.notice_policy``.
POLICIES = Table(
    "policies",
    METADATA,
    Column("unit", String(64), primary_key=True),
    Column("digest", String(64), nullable=False),
)

# What projections have: see ``standings.py``. No fact, and no loss where it is lost.
STANDINGS = Table(
    "standings",
    METADATA,
    Column("unit", String(64), primary_key=True),
    Column("student", String(255), primary_key=True),
    Column("changes", Integer, nullable=False, default=0),  # counts changes of facts
    Column("written", Integer, nullable=False, default=0),  # changes that the results folder has
    Column("projected", Integer, nullable=False, default=0),  # changes that the gradebook has
)

# What nbgrader's gradebook held of a student when we wrote last, and what is being written into it: see
# ``gradebook/written.py``. What differs from both is somebody else's.
PROJECTED = Table(
    "projected",
    METADATA,
    Column("unit", String(64), primary_key=True),
    Column("student", String(255), primary_key=True),
    Column("last", Text, nullable=False),  # JSON
    Column("next", Text, nullable=False),  # JSON; "" where nothing is under way
)
