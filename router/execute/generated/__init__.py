"""Python made for one plan: the interpreter's work with all that the plan decides decided.

The generated code handles what is in order and says `Unsure` to everything else: a value that its type does not admit,
a null that is not allowed, a bound that is reached. The interpreter then does the same work again, and what it says
counts, so that messages, positions and corner cases are written down once. Both give the same answers, which tests
check on every plan that they run.
"""
