"""The query plan: frozen values that say which requests answer an operation, and how their results fit together.

A plan is a directed acyclic graph of fetches: each names the fetches it needs (`after`), so the executor can start it
as soon as those are done, without waiting for a whole wave. `printer.py` shows the same graph as the familiar tree of
Sequence, Parallel and Flatten.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum
from typing import TypeAlias

from graphql import DocumentNode, GraphQLOutputType


class OperationKind(Enum):
    """The three root operation types."""

    QUERY = "query"
    MUTATION = "mutation"
    SUBSCRIPTION = "subscription"


@dataclass(frozen=True, slots=True)
class Key:
    """Step into the value under a response key of the merged data."""

    name: str


@dataclass(frozen=True, slots=True)
class Each:
    """Step into every item of a list (nested lists take one step each)."""


@dataclass(frozen=True, slots=True)
class OnTypes:
    """Go on only with objects whose runtime type is one of `types` (concrete object types).

    `typename_key` is the response key under which the object's `__typename` was fetched.
    """

    types: frozenset[str]
    typename_key: str = "__typename"


PathStep: TypeAlias = Key | Each | OnTypes
ResponsePath: TypeAlias = tuple[PathStep, ...]


@dataclass(frozen=True, slots=True)
class Condition:
    """A client variable that must have `value` for the guarded part to apply (@include: True, @skip: False)."""

    variable: str
    value: bool


@dataclass(frozen=True, slots=True)
class RepresentationField:
    """One field of a representation.

    Attributes:
        name: the field's name as the subgraph's key or @requires names it.
        key: the response key under which the merged data holds it (differs from `name` when aliased).
        selections: fields of a nested object or of each item of a list; empty for leaves. For abstract nested values
            `on` shapes are merged by the runtime type.
        on: the runtime types for which this field belongs to the representation; None for all.
        typename_key: response key of the nested object's own `__typename`, where the `on` of `selections` matter.
        is_key: it belongs to a key; other fields are there because of @requires alone.
        is_optional: null is sent where the merged data lacks it: it may be null, or conditions may leave it out.
    """

    name: str
    key: str
    selections: tuple["RepresentationField", ...] = ()
    on: frozenset[str] | None = None
    typename_key: str = "__typename"
    is_key: bool = True
    is_optional: bool = False


@dataclass(frozen=True, slots=True)
class Representation:
    """How to describe an object to a subgraph's `_entities`.

    Attributes:
        on: the runtime types of the objects this shape describes.
        typename: the `__typename` to send; None sends the object's own (an interface object sends its interface's).
        typename_key: response key of the object's own `__typename`.
        fields: key fields first, then @requires fields. A missing field that is not optional, or a null in a key
            outside of lists, means that the object cannot be described: it is dropped, and its fields stay null.
    """

    on: frozenset[str]
    typename: str | None
    fields: tuple[RepresentationField, ...]
    typename_key: str = "__typename"


@dataclass(frozen=True, slots=True)
class ContextSource:
    """Where the value of a contextual argument may be: below an ancestor of the object.

    Attributes:
        up: how many steps of the object's path, from its end, are below the ancestor.
        types: the ancestor must be of one of them; None if any will do.
        path: from the ancestor to the value, without `Each`: a list on the way gives a list of values.
    """

    up: int
    types: OnTypes | None
    path: ResponsePath


@dataclass(frozen=True, slots=True)
class ContextVariable:
    """A variable whose value comes from an ancestor of each object (`@fromContext`).

    Attributes:
        name: of the variable; the client has none of that name.
        type: as the operation declares it. An object with null for a type that forbids it is not described.
        sources: nearest first; the first whose ancestor is of the right type counts.
        is_optional: null is sent where the merged data lacks it: conditions may leave it out, with what it is for.
    """

    name: str
    type: str
    sources: tuple[ContextSource, ...]
    is_optional: bool = False


@dataclass(frozen=True, slots=True)
class EntityGroup:
    """One `_entities` field of a fetch: objects found at one or several paths, described and asked alike.

    Attributes:
        paths: places of the merged data whose objects it describes; objects described alike are sent once, and the
            result is merged into each of them.
        representations: shapes, first match by runtime type.
        text: what is selected of the objects, as in the fetch's own text.
        alias: response key in the subgraph's answer: "_entities", or "_e0", "_e1" where several groups travel together.
        variable: name of the variable that carries the representations; never that of a client's variable.
        when: all must hold, or the group sends no representations.
        contexts: variables that depend on the object. Objects with other values need a field of their own in the
            request, with `alias` and all variables numbered: `entities_text` writes such an operation.
        parts: `text`, cut after each use of a variable of `contexts`, which is where such numbers go.
        variables: names of the client's variables in `text`.
        derived: response keys in `text`, each with the names in the representation of what its field requires; empty
            if none requires anything.
    """

    paths: tuple[ResponsePath, ...]
    representations: tuple[Representation, ...]
    text: str = ""
    alias: str = "_entities"
    variable: str = "representations"
    when: tuple[Condition, ...] = ()
    contexts: tuple[ContextVariable, ...] = ()
    parts: tuple[str, ...] = ()
    variables: frozenset[str] = frozenset()
    derived: tuple[tuple[str, frozenset[str]], ...] = ()


@dataclass(frozen=True, slots=True)
class Fetch:
    """One request to one subgraph.

    Attributes:
        id: position in `QueryPlan.fetches`.
        subgraph: name of the subgraph as composed.
        kind: the operation type sent to the subgraph (entity fetches are queries).
        text: the operation to send; an entity fetch declares a variable of type `[_Any!]!` for each of its groups.
        keys: response keys of the root fields it asks for.
        variables: names of the client's variables that the operation uses.
        declared: how it declares them.
        entities: what it asks of `_entities`; empty for root fields. It is not sent if no group describes anything.
        path: where a fetch of root fields asks on behalf of objects of a root type further down
            (`type Payload { query: Query }`): all of them get its whole result, and without any it is not sent.
        after: ids of the fetches whose results this one needs (data for representations, or the order of mutations).
        when: all must hold, or the fetch is not sent.
    """

    id: int
    subgraph: str
    kind: OperationKind
    text: str
    keys: tuple[str, ...] = ()
    variables: tuple[str, ...] = ()
    declared: tuple[str, ...] = ()
    entities: tuple[EntityGroup, ...] = ()
    path: ResponsePath = ()
    after: frozenset[int] = frozenset()
    when: tuple[Condition, ...] = ()


@dataclass(frozen=True, slots=True)
class ProjectedField:
    """One field of the client's answer, in the client's order.

    Attributes:
        key: the client's response key.
        source: the key of the merged data that holds the value (differs from `key` when the plan aliased it).
        field_name: the field's name, for messages ("Cannot return null for non-nullable field Type.field").
        type: the field's type in the API schema, for null propagation, leaf checks and enum values; for `__typename`
            a non-null String.
        on: runtime types of the parent for which the field applies; None for all.
        when: alternatives of conditions, in disjunctive form: the field applies if any inner tuple holds entirely;
            empty means always.
        selections: of an object, interface or union value.
    """

    key: str
    source: str
    field_name: str
    type: GraphQLOutputType
    on: frozenset[str] | None = None
    when: tuple[tuple[Condition, ...], ...] = ()
    selections: tuple["ProjectedField", ...] = ()
    typename_key: str = "__typename"
    """Key of this value's own `__typename` in the merged data, when `selections` depend on it."""
    deferred: tuple["DeferredSelections", ...] = ()
    """What comes later of each object of this value."""
    denied: bool = False
    """The caller may not see it: it is null, and an error says why. The data has nothing of it."""
    unseen: frozenset[str] = frozenset()
    """Runtime types of objects that the caller may not see: each is null, and an error says why."""


@dataclass(frozen=True, slots=True)
class DeferredSelections:
    """Fields of an object that come later than the object.

    Attributes:
        part: position in `QueryPlan.deferred`.
    """

    part: int
    selections: tuple[ProjectedField, ...]


@dataclass(frozen=True, slots=True)
class DeferredFragment:
    """A fragment of the operation with `@defer`, at one place.

    Attributes:
        label: the client's name for it.
        path: of the objects it is a fragment of.
        parent: position in `QueryPlan.fragments` of the deferred fragment around it.
    """

    label: str | None
    path: ResponsePath
    parent: int | None


@dataclass(frozen=True, slots=True)
class DeferredPart:
    """Fields that come together, later than the rest: those of a deferred fragment, or those that several share.

    Attributes:
        fragments: positions in `QueryPlan.fragments`.
        fetches: made for this part alone. Their ids are unique in the plan, and greater than those they need.
        needs: ids of all the deferred fetches, of whichever part, that bring its fields.
    """

    fragments: tuple[int, ...]
    fetches: tuple[Fetch, ...]
    needs: frozenset[int]


@dataclass(frozen=True, slots=True)
class QueryPlan:
    """Everything the executor needs to answer one operation, for any variable values.

    Attributes:
        kind: of the client's operation.
        root_type: name of the root type in the API schema.
        fetches: in topological order; `fetches[i].id == i`. For a subscription, fetch 0 is the event source and the
            others run once per event.
        projection: the client's selection over the merged data.
        introspection: the `__schema` and `__type` part of the operation, to be answered from the API schema; None if
            there is none.
        inaccessible_enum_values: per enum type, values that must become null when a subgraph sends them.
        deferred: what comes later than the first answer, outer parts first; `fetches` and `projection` are the first
            answer's alone.
        deferred_selections: what comes later of the root.
        fragments: the deferred fragments, outer ones first.
        denied: places of fields that the caller may not see: response keys, with "@" for the items of a list.
    """

    kind: OperationKind
    root_type: str
    fetches: tuple[Fetch, ...]
    projection: tuple[ProjectedField, ...]
    introspection: DocumentNode | None = None
    inaccessible_enum_values: Mapping[str, frozenset[str]] | None = None
    deferred: tuple[DeferredPart, ...] = ()
    deferred_selections: tuple[DeferredSelections, ...] = ()
    fragments: tuple[DeferredFragment, ...] = ()
    denied: tuple[tuple[str, ...], ...] = ()
