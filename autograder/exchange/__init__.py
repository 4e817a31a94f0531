"""The exchange: releases out, submissions in, graded on submit, without a shared folder.

Theory of operation
    A service behind the hub takes submissions over HTTP. Who asks is what the hub says of
    the token in the request, and nothing else. An accepted submission is two things: blobs
    (files named by their digest, on disk before anything else) and one transaction that
    holds the attempt and its place in the queue. So whatever is killed when, an attempt
    that was answered with a receipt is stored, and one that is stored is in the queue.

    Workers are processes of their own. One takes an entry for a short lease that it renews
    while it grades; a killed worker's lease runs out and another takes the entry. The end
    of an entry is one transaction that stores the result and removes the entry, so that a
    second end finds nothing to do. A publisher writes each student's counting result to the
    results folder and, in batches, to the gradebook; what it has not written yet is marked
    in the database, so a killed publisher goes on where it was.

    Pages and JSON show the mark of record, which is computed when somebody looks
    (``autograder/marks/``), by the ``course_config.py`` of that moment (``store/living.py``):
    a moved due date, an exception or points by hand are on every page at once.

Glossary
    attempt    one accepted submission; never changed, never removed
    counting   the attempt whose mark is the student's mark (``marks/mark.py``)
    late day   one of a student's budget, spent to move the due date of a unit by a day
    receipt    signed text: who handed in what, when, by the server's clock
    opening    an explanation that a student has paid for with a token
"""

# Modules of this package that other packages import.
FACE = (
    "forgetting",
    "retention",
    "client.collecting",
    "client.plugins",
    "client.service",
    "client.settings",
    "client.stock",
    "client.trees",
    "service.identity",
    "service.refusals",
    "service.rights",
    "service.serve",
    "store.desk",
    "store.personal",
    "store.receipts",
    "store.tables",
)
