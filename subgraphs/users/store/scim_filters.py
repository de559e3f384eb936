"""Filters of provisioning clients as predicates of SQL: each value is a bound parameter, each name one that is known.

Source: RFC 7644, section 3.4.2.2.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, TypeAlias

from scim2_models import InvalidFilterException, ScimFilter
from scim2_models.path import (
    AttributeBinding,
    CompareOperator,
    Comparison,
    FilterVisitor,
    LogicalExpr,
    LogicalOperator,
    Not,
    Present,
    ValuePath,
    coerce_value,
)
from sqlalchemy import ColumnElement, Text, and_, false, func, not_, or_, true

Predicate: TypeAlias = ColumnElement[bool]


@dataclass(frozen=True, slots=True)
class Single:
    """An attribute with one value."""

    column: ColumnElement[Any]
    equal: Callable[[Any], Predicate] | None = None
    """How equality is asked for instead, where an index knows better."""


@dataclass(frozen=True, slots=True)
class Several:
    """An attribute with several values, each of which has parts."""

    parts: Mapping[str, ColumnElement[Any]]
    exists: Callable[[Predicate], Predicate]
    """That one of the values meets a predicate on its parts."""


Attributes: TypeAlias = Mapping[str, Single | Several]
"""By the Python name of the attribute: `user_name`, `name.family_name`, `emails`."""


def predicate(asked: ScimFilter[Any], attributes: Attributes) -> Predicate:
    """What a row has to be.

    Raises:
        InvalidFilterException: it asks about something that nobody can filter by.
    """
    return _Predicates(asked, attributes).visit(asked.ast)


class _Logic(FilterVisitor[Predicate]):
    def visit_logical_expr(self, node: LogicalExpr) -> Predicate:
        terms = [self.visit(term) for term in node.terms]
        return and_(*terms) if node.op == LogicalOperator.and_ else or_(*terms)

    def visit_not(self, node: Not) -> Predicate:
        return not_(self.visit(node.expr))


class _Predicates(_Logic):
    """A filter on resources."""

    def __init__(self, asked: ScimFilter[Any], attributes: Attributes) -> None:
        self._asked = asked
        self._attributes = attributes

    def visit_comparison(self, node: Comparison) -> Predicate:
        bound = self._bound(self._asked.resolve_comparison(node.attr_path), node.attr_path)
        value = coerce_value(bound, node.value, node.op)
        found, part = self._found(bound)
        if isinstance(found, Single):
            if found.equal is not None and node.op == CompareOperator.eq and isinstance(value, str):
                return found.equal(value) if _can_be_kept(value) else false()
            return _compared(found.column, node.op, value, exact=bound.case_exact)
        column = found.parts.get(part or "value")
        if column is None:
            raise _unknown(bound.urn)
        if node.op == CompareOperator.ne:  # no value is equal: see RFC 7644, section 3.4.2.2, and the library's match
            return not_(found.exists(_compared(column, CompareOperator.eq, value, exact=bound.case_exact)))
        return found.exists(_compared(column, node.op, value, exact=bound.case_exact))

    def visit_present(self, node: Present) -> Predicate:
        bound = self._bound(self._asked.resolve(node.attr_path), node.attr_path)
        found, part = self._found(bound)
        if isinstance(found, Single):
            return _present(found.column)
        column = found.parts.get(part or "value")
        if column is None:
            raise _unknown(bound.urn)
        return found.exists(_present(column))

    def visit_value_path(self, node: ValuePath) -> Predicate:
        bound = self._bound(self._asked.resolve(node.attr_path), node.attr_path)
        found, _ = self._found(bound)
        if isinstance(found, Single):
            raise _unknown(bound.urn)
        return found.exists(_Parts(found.parts).visit(node.val_filter))

    def _bound(self, bound: AttributeBinding | None, path: object) -> AttributeBinding:
        if bound is None:
            raise _unknown(str(path))
        return bound

    def _found(self, bound: AttributeBinding) -> tuple[Single | Several, str | None]:
        """Where the attribute is kept, and which part of its values is meant."""
        whole = self._attributes.get(bound.field_name)
        if isinstance(whole, Several):
            return whole, bound.sub_field_name
        name = bound.field_name if bound.sub_field_name is None else f"{bound.field_name}.{bound.sub_field_name}"
        single = self._attributes.get(name)
        if single is None:
            raise _unknown(bound.urn)
        return single, None


class _Parts(_Logic):
    """A filter within brackets, on one value of several; it was checked with the filter that it is in."""

    def __init__(self, parts: Mapping[str, ColumnElement[Any]]) -> None:
        self._parts = {name.lower(): column for name, column in parts.items()}

    def visit_comparison(self, node: Comparison) -> Predicate:
        return _compared(self._part(node.attr_path.attr), node.op, node.value, exact=False)

    def visit_present(self, node: Present) -> Predicate:
        return _present(self._part(node.attr_path.attr))

    def visit_value_path(self, node: ValuePath) -> Predicate:
        """There is none within another. Source: errata 4690 of RFC 7644."""
        raise _unknown(node.attr_path.attr)

    def _part(self, name: str) -> ColumnElement[Any]:
        column = self._parts.get(name.lower())
        if column is None:
            raise _unknown(name)
        return column


def _compared(column: ColumnElement[Any], op: CompareOperator, value: Any, *, exact: bool) -> Predicate:
    """A comparison that is never unknown: what is not there is no value's equal, and before or after none."""
    if value is None:
        return column.is_(None) if op == CompareOperator.eq else column.is_not(None) if op == "ne" else false()
    if isinstance(value, str):
        if not _can_be_kept(value):
            return true() if op == CompareOperator.ne else false()
        column, value = (column, value) if exact else (func.lower(column), value.lower())
    return func.coalesce(_operated(column, op, value), true() if op == CompareOperator.ne else false())


def _operated(column: ColumnElement[Any], op: CompareOperator, value: Any) -> Predicate:  # noqa: PLR0911 - one an operator
    match op:
        case CompareOperator.eq:
            return column == value
        case CompareOperator.ne:
            return column != value
        case CompareOperator.co:
            return column.contains(value, autoescape=True)
        case CompareOperator.sw:
            return column.startswith(value, autoescape=True)
        case CompareOperator.ew:
            return column.endswith(value, autoescape=True)
        case CompareOperator.gt:
            return column > value
        case CompareOperator.ge:
            return column >= value
        case CompareOperator.lt:
            return column < value
        case CompareOperator.le:
            return column <= value


def _present(column: ColumnElement[Any]) -> Predicate:
    """There, and not empty."""
    return column.is_not(None) if not isinstance(column.type, Text) else func.coalesce(column != "", false())


def _can_be_kept(value: str) -> bool:
    """Whether a row could have it: a database's text has neither NUL nor half of a surrogate pair."""
    return "\0" not in value and not any("\ud800" <= character <= "\udfff" for character in value)


def _unknown(name: str) -> InvalidFilterException:
    return InvalidFilterException(detail=f"Nothing can be filtered by {name}")
