"""References to types: a name, wrapped in lists and non-nulls."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeAlias

from graphql import ListTypeNode, NamedTypeNode, NonNullTypeNode, TypeNode


@dataclass(frozen=True, slots=True)
class Named:
    """`User`."""

    name: str

    def __str__(self) -> str:
        return self.name


@dataclass(frozen=True, slots=True)
class ListOf:
    """`[User]`."""

    of: "TypeRef"

    def __str__(self) -> str:
        return f"[{self.of}]"


@dataclass(frozen=True, slots=True)
class NonNull:
    """`User!`."""

    of: "Named | ListOf"

    def __str__(self) -> str:
        return f"{self.of}!"


TypeRef: TypeAlias = Named | ListOf | NonNull


def type_ref(node: TypeNode, rename: Callable[[str], str]) -> TypeRef:
    """The reference that `node` spells, its name passed through `rename`."""
    match node:
        case NonNullTypeNode(type=inner):
            of = type_ref(inner, rename)
            return of if isinstance(of, NonNull) else NonNull(of)
        case ListTypeNode(type=inner):
            return ListOf(type_ref(inner, rename))
        case NamedTypeNode(name=name):
            return Named(rename(name.value))
        case _:  # pragma: no cover
            raise TypeError(node)


def base_name(ref: TypeRef) -> str:
    """The name inside all wrappers."""
    while not isinstance(ref, Named):
        ref = ref.of
    return ref.name


def nullable(ref: TypeRef) -> Named | ListOf:
    """The reference without its outermost non-null."""
    return ref.of if isinstance(ref, NonNull) else ref
