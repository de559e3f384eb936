"""The vocabulary of Apollo Federation: directives, links, field sets, the join specification and error codes.

Nothing here composes or plans. Composition, the supergraph model and the planner share these words.
"""
