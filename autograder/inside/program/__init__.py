"""A notebook as a program: which statements its tasks need, compiled and executed."""
