"""The text of an entity fetch, for as many sets of contextual values as its objects have."""

from collections.abc import Iterable, Sequence

from router.plan.nodes import EntityGroup

CUT = "\0"
"""Marks in a text where a variable of a context ends; no GraphQL document contains it."""


def entities_text(groups: Iterable[tuple[EntityGroup, int]], declared: Sequence[str]) -> str:
    """A query for groups of entities.

    Args:
        groups: each with the number of its set of contextual values; 0 for the first, or the only one.
        declared: the client's variables as they are declared.
    """
    fields: list[str] = []
    variables: list[str] = []
    for group, number in groups:
        suffix = suffix_of(number)
        variables.append(f"${group.variable}{suffix}: [_Any!]!")
        variables += [f"${each.name}{suffix}: {each.type}" for each in group.contexts]
        alias = "" if group.alias == "_entities" and not number else f"{group.alias}{suffix}: "
        text = suffix.join(group.parts) if number else group.text
        fields.append(f"{alias}_entities(representations: ${group.variable}{suffix}) {text}")
    return f"query ({', '.join([*variables, *declared])}) {{ {' '.join(fields)} }}"


def suffix_of(number: int) -> str:
    """What aliases and variables end in for a further set of contextual values."""
    return f"_{number}" if number else ""
