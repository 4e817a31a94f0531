"""Our figures beside nbgrader's and Otter's, on the same submissions and the same tests.

Glossary
    submission  a notebook that holds only what grading needs: one cell of imports and the task cells
    paper       one set of inputs for all checks of a unit; a submission always gets the same one
    plan        what a check asks and expects on one paper, made once
    floor       cells, the plans' calls and the comparison in one warm process: no isolation, no wire
    empty       the course's engine with a check that asks for nothing of the student's
    round       every submission once, by a system that was started for it
    start       what is paid once, whatever the number of submissions: imports, collecting, plans, warming up
"""
