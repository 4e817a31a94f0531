"""What lies beside submissions that were downloaded from Gradescope."""

# One student, and a group of two of whom one has no SID.
METADATA = """---
submission_111:
  :submitters:
  - :name: Student One
    :sid: '0012'
    :email: one@students.example
  :created_at: 2027-01-20 10:00:00.000000000 Z
submission_112:
  :submitters:
  - :name: Student Two
    :sid: '0013'
    :email: two@students.example
  - :name: Student Three
    :sid:
    :email: Three@students.example
  :created_at: 2027-01-20 11:00:00.000000000 Z
"""
