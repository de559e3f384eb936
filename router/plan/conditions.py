"""Conditions of @skip and @include, in disjunctive form: any of the alternatives must hold entirely."""

from typing import TypeAlias

from router.plan.nodes import Condition

Alternative: TypeAlias = tuple[Condition, ...]
When: TypeAlias = tuple[Alternative, ...]

ALWAYS: When = ()


def both(left: When, right: When) -> When | None:
    """Where both hold; None if they never do."""
    if not left or left == right:
        return right
    if not right:
        return left
    found = [joined for one in left for other in right if (joined := _join(one, other)) is not None]
    return _simplify(found) if found else None


def either(left: When, right: When) -> When:
    """Where at least one holds."""
    if not left or not right:
        return ALWAYS
    return left if left == right else _simplify([*left, *right])


def without(when: When, excluded: When) -> When | None:
    """Where the first holds and the second does not; None if that is nowhere."""
    left: When | None = when if excluded else None
    for alternative in excluded:
        if left is not None:
            left = both(left, tuple((Condition(each.variable, not each.value),) for each in alternative))
    return left


def common(alternatives: When) -> Alternative:
    """The conditions that every alternative shares: they hold wherever the whole does."""
    if not alternatives:
        return ()
    shared = set(alternatives[0]).intersection(*alternatives[1:])
    return tuple(each for each in alternatives[0] if each in shared)


def given(when: When, known: Alternative) -> When | None:
    """What is left to ask where `known` holds; None if it never holds there."""
    values = {each.variable: each.value for each in known}
    possible = [
        tuple(each for each in alternative if each.variable not in values)
        for alternative in when
        if all(values.get(each.variable, each.value) is each.value for each in alternative)
    ]
    if not when or not all(possible):
        return ALWAYS
    return _simplify(possible) if possible else None


def _join(left: Alternative, right: Alternative) -> Alternative | None:
    values = {each.variable: each.value for each in left}
    for each in right:
        if values.setdefault(each.variable, each.value) != each.value:
            return None
    return tuple(Condition(variable, value) for variable, value in sorted(values.items()))


def _simplify(alternatives: list[Alternative]) -> When:
    """Without alternatives that another one covers; a variable that may be either way is no condition."""
    kept: list[frozenset[Condition]] = []
    for each in sorted({frozenset(each) for each in alternatives}, key=_order):
        if not any(known <= each for known in kept):
            kept.append(each)
    for each in kept:
        if len(each) == 1:
            (only,) = each
            if frozenset({Condition(only.variable, not only.value)}) in kept:
                return ALWAYS
    return tuple(_sorted(each) for each in kept)


def _order(alternative: frozenset[Condition]) -> tuple[int, list[tuple[str, bool]]]:
    return len(alternative), [(each.variable, each.value) for each in _sorted(alternative)]


def _sorted(alternative: frozenset[Condition]) -> Alternative:
    return tuple(sorted(alternative, key=lambda each: (each.variable, each.value)))
