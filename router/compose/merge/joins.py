"""Say in the supergraph which subgraphs have what."""

from router.compose.facts import parse_context
from router.compose.merge.context import Agreement, Merge, Overrides, Sources, present
from router.compose.model import Field, FieldsType, InputValue, NamedType
from router.federation.values import Value


def join_type(merge: Merge, sources: Sources[NamedType], into: NamedType) -> None:
    """`@join__type`, once for each key of each subgraph."""
    for index, source in present(sources).items():
        said: dict[str, Value] = {"graph": merge.graph(index)}
        interface_object = True if merge.is_interface_object(index, into.name) else None
        keys = sorted(source.applied("key"), key=lambda key: str(key.arguments.get("fields")))
        if not keys:
            into.directives.append(merge.join_directive("type", {**said, "isInterfaceObject": interface_object}))
        for key in keys:
            extends = key.extension is not None or source.has("extends")
            arguments = {
                **said,
                "key": key.arguments.get("fields"),
                "extension": True if extends else None,
                "resolvable": key.arguments.get("resolvable"),
                "isInterfaceObject": interface_object,
            }
            into.directives.append(merge.join_directive("type", arguments))


def join_implements(merge: Merge, sources: Sources[FieldsType], into: FieldsType) -> None:
    """The interfaces that any subgraph has the type implement."""
    for index, source in present(sources).items():
        for interface in sorted(source.interfaces):
            into.interfaces.setdefault(interface, None)
            said: dict[str, Value] = {"graph": merge.graph(index), "interface": interface}
            into.directives.append(merge.join_directive("implements", said))


def join_input_field(merge: Merge, sources: Sources[InputValue], into: InputValue, agreement: Agreement) -> None:
    """`@join__field` on an input field, where subgraphs differ."""
    if agreement is Agreement.SAME and len(present(sources)) == len(sources):
        return
    for index, source in present(sources).items():
        said: dict[str, Value] = {
            "graph": merge.graph(index),
            "type": None if agreement is Agreement.SAME else str(source.type),
        }
        into.directives.append(merge.join_directive("field", said))


def join_field(merge: Merge, sources: Sources[Field], into: Field, agreement: Agreement, overrides: Overrides) -> None:
    """`@join__field`, where not all subgraphs that have the type simply resolve the field."""
    if not _must_join(merge, sources, into, agreement, overrides):
        return
    for index, source in present(sources).items():
        label = overrides.labels.get(index)
        if index in overrides.unused and label is None:
            continue
        override = source.applied("override")
        said: dict[str, Value] = {
            "graph": merge.graph(index),
            "requires": _field_set(source, "requires"),
            "provides": _field_set(source, "provides"),
            "override": override[-1].arguments.get("from") if override else None,
            "type": None if agreement is Agreement.SAME else str(source.type),
            "external": True if merge.is_external(index, source) else None,
            "usedOverridden": True if index in overrides.used else None,
            "overrideLabel": label,
            "contextArguments": _context_arguments(merge, index, source),
        }
        into.directives.append(merge.join_directive("field", said))


def _must_join(merge: Merge, sources: Sources[Field], into: Field, agreement: Agreement, overrides: Overrides) -> bool:
    if agreement is not Agreement.SAME or overrides.used or overrides.labels:
        return True
    for index, source in sources.items():
        if source is None or index in overrides.unused:
            if into.parent in merge.subgraphs[index].schema.types:
                return True
        elif (
            merge.is_external(index, source)
            or source.has("provides")
            or source.has("requires")
            or any(argument.has("fromContext") for argument in source.arguments.values())
        ):
            return True
    return False


def _field_set(source: Field, meaning: str) -> Value:
    applied = source.applied(meaning)
    return applied[0].arguments.get("fields") if applied else None


def _context_arguments(merge: Merge, index: int, source: Field) -> Value:
    found: list[Value] = []
    for argument in source.arguments.values():
        for applied in argument.applied("fromContext"):
            context, selection = parse_context(applied.arguments.get("field"))
            found.append(
                {
                    "context": f"{merge.name(index)}__{context}",
                    "name": argument.name,
                    "type": str(argument.type),
                    "selection": selection,
                }
            )
    return found or None
