"""Merge interface types, and give implementations what interface objects add to them."""

from router.compose.merge.access import inherited_rules
from router.compose.merge.applied import merge_directives
from router.compose.merge.context import Merge, Overrides
from router.compose.merge.fields import field_sources, merge_field
from router.compose.merge.objects import hint_on_partial_field
from router.compose.merge.override import merge_overrides
from router.compose.model import Applied, Field, FieldsType, InputValue, InterfaceType
from router.compose.rules import (
    interface_key_missing_implementation_type,
    interface_object_usage_error,
    invalid_field_sharing,
)
from router.compose.rules.auth_requirements_applied_on_interface import ACCESS


def merge_interface(merge: Merge, sources: dict[int, FieldsType], into: InterfaceType) -> None:
    """Merge every field that any subgraph declares, be it of the interface or of an object standing for it."""
    interface_key_missing_implementation_type.check(merge, sources, into)
    interface_object_usage_error.check_implementations(merge, sources, into)
    has_key = any(source.has("key") for source in sources.values() if isinstance(source, InterfaceType))
    for field, found in field_sources(merge, sources, into):
        if not has_key:
            hint_on_partial_field(merge, sources, into, field)
        merge_field(merge, found, field, merge_overrides(merge, found, field))


def extend_implementations(merge: Merge) -> None:
    """Add to each implementation the fields that an interface object resolves for it."""
    inherited = inherited_rules(merge)
    for type_ in list(merge.supergraph.objects()):
        for name in type_.interfaces:
            interface = merge.supergraph.types.get(name)
            if not isinstance(interface, InterfaceType) or name not in merge.interface_object_names:
                continue
            for field in interface.fields.values():
                if not merge.provided_by_interface_object(name, field.name):
                    continue
                existing = type_.fields.get(field.name)
                if existing is None:
                    added = _implementation(merge, field, type_.name)
                    type_.fields[field.name] = added
                    everywhere = dict.fromkeys(range(len(merge.subgraphs)))
                    invalid_field_sharing.check(merge, everywhere, added, Overrides())
                    merge_directives(merge, {}, added, inherited.get(added.coordinate, ()))
                elif _is_external_everywhere(existing):
                    existing.directives.extend(_carried(field.directives))
                    merge_directives(merge, {}, existing, inherited.get(existing.coordinate, ()))


def _is_external_everywhere(field: Field) -> bool:
    joins = field.named("join__field")
    return bool(joins) and all(join.arguments.get("external") is True for join in joins)


def _implementation(merge: Merge, field: Field, parent: str) -> Field:
    coordinate = f"{parent}.{field.name}"
    return Field(
        name=field.name,
        coordinate=coordinate,
        description=field.description,
        directives=[*_carried(field.directives), merge.join_directive("field", {})],
        parent=parent,
        type=field.type,
        arguments={
            name: InputValue(
                name=name,
                coordinate=f"{coordinate}({name}:)",
                description=argument.description,
                directives=_carried(argument.directives),
                type=argument.type,
                default=argument.default,
            )
            for name, argument in field.arguments.items()
        },
    )


def _carried(directives: list[Applied]) -> list[Applied]:
    """What an implementation takes over; its access rules it inherits from everyone who has some."""
    return [
        applied for applied in directives if not applied.name.startswith("join__") and applied.meaning not in ACCESS
    ]
