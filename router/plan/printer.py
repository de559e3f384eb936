"""Print a plan for people: the graph of fetches as a tree of Sequence, Parallel, Flatten and Fetch.

    Sequence
      Fetch(courses) { courses { __typename id } }
      Flatten(courses.@)
        Fetch(enrollment) { ... on Course { id } } => { ... on Course { seatsTaken } }

What comes later than the first answer stands in parts of its own, each with the label and path of what brings it:

    Defer
      Primary
        Fetch(courses) { courses { __typename id } }
      Deferred(seats at courses.@)
        Flatten(courses.@)
          Fetch(enrollment) { ... on Course { id } } => { ... on Course { seatsTaken } }

Groups of entities that travel in one request stand under one Fetch, each with its own Flatten.

The executor knows no such waves: it starts a fetch as soon as those it needs are done. The tree shows fetches that
need nothing of one another in parallel, and what needs them after them.
"""

from collections.abc import Iterable, Iterator, Sequence
from itertools import chain
from typing import assert_never

from router.plan.nodes import (
    Condition,
    ContextVariable,
    DeferredFragment,
    DeferredSelections,
    Each,
    EntityGroup,
    Fetch,
    Key,
    OnTypes,
    OperationKind,
    ProjectedField,
    QueryPlan,
    Representation,
    RepresentationField,
    ResponsePath,
)


def print_plan(plan: QueryPlan) -> str:
    """The fetches as a tree, then what is renamed for the client."""
    lines: list[str] = []
    fetches = list(plan.fetches)
    if plan.kind is OperationKind.SUBSCRIPTION:
        lines += ["Subscription", *_indented(_flatten(fetches.pop(0)))]
    lines += _tree(fetches)
    if plan.deferred:
        lines = ["Defer", "  Primary", *_indented(_indented(lines or ["Nothing"])), *_indented(_deferred(plan))]
    lines += [f"Rename {line}" for line in _renames(plan.projection, plan.deferred_selections, "")]
    if plan.introspection is not None:
        lines.append("Introspection")
    return "\n".join(lines or ["Nothing"]) + "\n"


def _deferred(plan: QueryPlan) -> Iterator[str]:
    for part in plan.deferred:
        fragments = ", ".join(_fragment(plan, plan.fragments[number]) for number in part.fragments)
        yield f"Deferred({fragments})" if fragments else "Deferred"
        yield from _indented(_tree(part.fetches) or ["Nothing"])


def _fragment(plan: QueryPlan, fragment: DeferredFragment) -> str:
    """`label at path within path or label of the fragment around it`."""
    own = " ".join(
        each for each in (fragment.label, f"at {print_path(fragment.path)}" if fragment.path else "") if each
    )
    if fragment.parent is None:
        return own
    around = plan.fragments[fragment.parent]
    return f"{own} within {around.label or print_path(around.path)}".strip()


def _tree(fetches: Sequence[Fetch]) -> list[str]:
    if not fetches:
        return []
    parts = _components(fetches)
    if len(parts) > 1:
        return ["Parallel", *_indented(line for part in parts for line in _tree(part))]
    first = _first(fetches)
    rest = [fetch for fetch in fetches if fetch not in first]
    lines = [line for fetch in first for line in _flatten(fetch)]
    if len(first) > 1:
        lines = ["Parallel", *_indented(lines)]
    if not rest:
        return lines
    after = _tree(rest)
    if after[0] == "Sequence":  # a sequence within a sequence is one
        after = [line.removeprefix("  ") for line in after[1:]]
    return ["Sequence", *_indented([*lines, *after])]


def _components(fetches: Sequence[Fetch]) -> list[list[Fetch]]:
    """Groups of fetches that have nothing to do with one another."""
    groups: list[list[Fetch]] = []
    for fetch in fetches:
        linked = [group for group in groups if any(_linked(fetch, other) for other in group)]
        groups = [group for group in groups if group not in linked]
        groups.append([*(each for group in linked for each in group), fetch])
    return groups


def _linked(left: Fetch, right: Fetch) -> bool:
    return left.id in right.after or right.id in left.after


def _first(fetches: Sequence[Fetch]) -> list[Fetch]:
    present = {fetch.id for fetch in fetches}
    return [fetch for fetch in fetches if not fetch.after & present]


def _flatten(fetch: Fetch) -> list[str]:
    match fetch.entities:
        case ():
            sent = [f"Fetch({fetch.subgraph}){_conditions(fetch.when)} {fetch.text}"]
            return [f"Flatten({print_path(fetch.path)})", *_indented(sent)] if fetch.path else sent
        case (only,):
            return [_place(only), *_indented([f"Fetch({fetch.subgraph}){_conditions(fetch.when)} {_group(only)}"])]
        case _:
            lines = [line for each in fetch.entities for line in (_place(each), f"  {_group(each)}")]
            return [f"Fetch({fetch.subgraph}){_conditions(fetch.when)}", *_indented(lines)]


def _place(group: EntityGroup) -> str:
    return f"Flatten({', '.join(map(print_path, group.paths))}){_conditions(group.when)}"


def _group(group: EntityGroup) -> str:
    described = " ".join(_representation(each) for each in group.representations)
    contexts = "".join(f" with ${each.name} = {_context(each, group)}" for each in group.contexts)
    return f"{{ {described} }}{contexts} => {group.text}"


def _context(variable: ContextVariable, group: EntityGroup) -> str:
    """Every place that the value may come from, in the order in which they are tried."""
    places = (
        print_path((*path[: len(path) - source.up], *([] if source.types is None else [source.types]), *source.path))
        for path in group.paths
        for source in variable.sources
    )
    return ", ".join(dict.fromkeys(places))


def _conditions(conditions: Iterable[Condition]) -> str:
    return "".join(f" {'if' if each.value else 'unless'} ${each.variable}" for each in conditions)


def _representation(shape: Representation) -> str:
    types = "|".join(sorted(shape.on))
    renamed = f" as {shape.typename}" if shape.typename is not None and shape.typename != types else ""
    by = "" if shape.typename_key == "__typename" else f" by {shape.typename_key}"
    return f"... on {types}{renamed}{by} {{ {_fields(shape.fields)} }}"


def _fields(fields: Iterable[RepresentationField]) -> str:
    return " ".join(_representation_field(each) for each in fields)


def _representation_field(field: RepresentationField) -> str:
    text = field.name if field.key == field.name else f"{field.name}: {field.key}"
    if field.selections:
        text += f" {{ {_fields(field.selections)} }}"
    return text if field.on is None else f"... on {'|'.join(sorted(field.on))} {{ {text} }}"


def print_path(path: ResponsePath) -> str:
    """`courses.@.items.@|[Book].author`: keys, `@` for each item, types in brackets."""
    text = ""
    for step in path:
        match step:
            case Key(name):
                text += f".{name}"
            case Each():
                text += ".@"
            case OnTypes(types):
                text += f"|[{','.join(sorted(types))}]"
            case _:
                assert_never(step)
    return text.removeprefix(".")


def _renames(fields: Iterable[ProjectedField], deferred: Iterable[DeferredSelections], path: str) -> list[str]:
    found: list[str] = []
    for field in chain(fields, *(each.selections for each in deferred)):
        types = "" if field.on is None else f"|[{','.join(sorted(field.on))}]"
        where = f"{path}{types}.{field.key}".removeprefix(".")
        if field.source != field.key:
            found.append(f"{where} = {field.source}")
        found += _renames(field.selections, field.deferred, where)
    return found


def _indented(lines: Iterable[str]) -> list[str]:
    return [f"  {line}" for line in lines]
