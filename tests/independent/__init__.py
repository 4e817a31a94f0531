"""Solutions that were written without looking at the reference, and the known mistakes put into them by hand.

tests/independent/<unit>/<name>.py   a solution of all tasks of a unit in a style of its own; below it,
                                     ``SLIPS = {"name of a known mistake": [("text", "what replaces it")]}``
solutions.py                         reads them
trial.py                             one of them on trial: is what is wrong named, and shown in a case?
shares.py                            all of them, and the shares; ``python -m tests.independent`` writes them
proofs/independent.json              what came out; ``test_independent.py`` holds it
"""
