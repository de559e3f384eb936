"""What arguments cost: their own price, and that of every field within them."""

from collections.abc import Callable, Mapping
from typing import Any, TypeAlias, cast

from graphql import FieldNode, ListValueNode, NullValueNode, ObjectValueNode, ValueNode, VariableNode

from router.serve.demand.prices import Price, Prices

Variable: TypeAlias = Callable[[str, str, float], float]
"""The price of a variable: its name, the name of its type and the price of one value."""


def price_of_arguments(prices: Prices, node: FieldNode, price: Price, variables: Mapping[str, Any]) -> float:
    """Of what a field is given; `variables` are coerced."""

    def variable(name: str, type_name: str, own: float) -> float:
        return price_of_value(prices, variables.get(name), type_name, own)

    return price_given(prices, node, price, variable)


def price_given(prices: Prices, node: FieldNode, price: Price, variable: Variable) -> float:
    """Of what a field is given."""
    total = 0.0
    for argument in node.arguments or ():
        priced = price.arguments.get(argument.name.value)
        if priced is not None:
            total += price_of_literal(prices, argument.value, *priced, variable)
    return total


def price_of_literal(prices: Prices, node: ValueNode, type_name: str, price: float, variable: Variable) -> float:
    """Of a value in a document; each item of a list counts."""
    match node:
        case NullValueNode():
            return 0
        case VariableNode(name=name):
            return variable(name.value, type_name, price)
        case ListValueNode(values=values):
            return sum(price_of_literal(prices, each, type_name, price, variable) for each in values)
        case ObjectValueNode(fields=fields):
            dear = {name: (type_, own) for name, own, type_ in prices.input_fields(type_name)}
            return price + sum(
                price_of_literal(prices, each.value, *dear[each.name.value], variable)
                for each in fields
                if each.name.value in dear
            )
        case _:
            return price


def price_of_value(prices: Prices, value: object, type_name: str, price: float) -> float:
    """Of a coerced value; each item of a list counts."""
    match value:
        case None:
            return 0
        case list():
            return sum(price_of_value(prices, each, type_name, price) for each in cast("list[Any]", value))
        case dict():
            given = cast("dict[str, Any]", value)
            return price + sum(
                price_of_value(prices, given[name], type_, own)
                for name, own, type_ in prices.input_fields(type_name)
                if name in given
            )
        case _:
            return price
