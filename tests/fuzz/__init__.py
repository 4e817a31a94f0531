"""Fuzzing: whatever a stranger sends is taken in or refused as documented, soon and in little memory.

Each test draws from valid inputs that are spoilt (``strategies.py``), and lets a reader loose on them in
bounds (``bounds.py``). ``FUZZ_EXAMPLES`` says how many each test draws: a few on CI, thousands in
``make soak``. What is found is shortened by hypothesis, and becomes an ``@example``.
"""
