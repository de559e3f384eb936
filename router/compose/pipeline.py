"""Composition from end to end."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import TypeVar

from router.compose import satisfiability
from router.compose.check import check_schema, check_upgraded
from router.compose.collector import paused
from router.compose.hints import Hint
from router.compose.limits import DEFAULT, LimitExceeded, Limits, Measure, check_count, told
from router.compose.merge.supergraph import merge_subgraphs
from router.compose.printer import print_schema
from router.compose.read import read
from router.compose.rules import invalid_subgraph_name
from router.compose.subgraph import Subgraph, SubgraphSchema
from router.compose.upgrade import upgrade_all
from router.federation.errors import CompositionError, ErrorCode, FederationError

_Subject = TypeVar("_Subject", Subgraph, SubgraphSchema)
_Result = TypeVar("_Result")


@dataclass(frozen=True, slots=True)
class Composed:
    """Subgraphs that make a supergraph."""

    supergraph_sdl: str
    hints: tuple[Hint, ...]


@dataclass(frozen=True, slots=True)
class Refused:
    """Subgraphs that do not, and what was found against them: all of it, unless there is far too much."""

    errors: tuple[CompositionError, ...]
    untold: int = 0
    """How many more errors there are, at the least."""


def compose(subgraphs: Sequence[Subgraph], *, limits: Limits = DEFAULT) -> Composed | Refused:
    """Compose subgraphs into a supergraph; neither their order nor that of their definitions matters."""
    try:
        with paused():
            check_count(len(subgraphs), limits)
            return _compose(subgraphs, limits)
    except FederationError as refused:
        errors = told(refused.errors, limits)
        return Refused(errors, len(refused.errors) - len(errors) + refused.untold)
    except RecursionError:
        message = "Something is nested too deeply to be read: a field set, a type or a value."
        return Refused((CompositionError(ErrorCode.INVALID_GRAPHQL, message),))


def _compose(subgraphs: Sequence[Subgraph], limits: Limits) -> Composed:
    merge = merge_subgraphs(_read_all(subgraphs, Measure(limits)))
    untold = 0 if merge.errors else satisfiability.check(merge, limits)
    if merge.errors:
        raise FederationError(merge.errors, untold)
    return Composed(print_schema(merge.supergraph), tuple(merge.hints))


def _read_all(subgraphs: Sequence[Subgraph], measure: Measure) -> list[SubgraphSchema]:
    """Read and check every subgraph, and bring all to Federation 2."""
    found = _each(sorted(subgraphs, key=lambda subgraph: subgraph.name), lambda each: _read_one(each, measure))
    invalid_subgraph_name.check_all(subgraphs)
    upgraded = upgrade_all(found)
    _each((subgraph for subgraph in upgraded if subgraph not in found), check_upgraded)
    return upgraded


def _read_one(subgraph: Subgraph, measure: Measure) -> SubgraphSchema:
    schema = read(subgraph, measure)
    check_schema(schema)
    return schema


def _each(subjects: Iterable[_Subject], do: Callable[[_Subject], _Result]) -> list[_Result]:
    """Do it to each, so that one subgraph's errors do not hide another's."""
    errors: list[CompositionError] = []
    results: list[_Result] = []
    for subject in subjects:
        try:
            results.append(do(subject))
        except LimitExceeded:
            raise
        except FederationError as refused:
            errors.extend(error.within(subject.name) for error in refused.errors)
    if errors:
        raise FederationError(errors)
    return results
