"""The soak: many submissions, and everything around them killed, full, late or gone.

Theory of operation
    One set of scenarios with a ``Scale``. The tests run them small, ``make soak`` runs them large and writes
    ``benchmarks/soak.json``. All is real: the exchange's processes and HTTP, ``course grade``, the sandbox,
    PostgreSQL, a file system that is full, a clock that jumps. Only the hub is a stand-in.

    Each scenario hands in notebooks of a few kinds whose scores an undisturbed run has found before, disturbs
    what grades them, lets it come to rest, and compares. What does not hold is a sentence in ``wrong``.

Glossary
    kind      of a notebook: right, wrong, as released, no notebook at all, one that ends its process
    role      of a process that is killed: service, worker, publisher, command, sandbox
    traces    what a scenario could leave behind: processes, files, mounts, blobs
"""
