"""A course with one small unit for the tests of the engine: NumPy alone, milliseconds a submission."""

from autograder.course import Course, Unit

course = Course("little", "Little", (Unit("little", "Little", due="2030-01-01T00:00+00:00", hours=1),))
