"""Our figures beside nbgrader's and Otter's, on the same submissions and the same tests.

Glossary
    submission  a notebook that holds only what grading needs: one cell of imports and the task cells
    floor       the same cells and tests in one warm process: no isolation, wire, mirror or pytest
    round       every submission once, by a system that was started for it
    start       what is paid once, whatever the number of submissions: imports, collecting, warming up
"""
