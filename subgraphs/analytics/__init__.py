"""What learners do, and what follows from it: extends `Course` and `Enrollment` with figures.

It keeps statements (who did what, when) and nothing else. Every figure is worked out from them, so there is none that
could drift away from what has happened.
"""
