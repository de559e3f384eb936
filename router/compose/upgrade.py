"""Read Federation 1 subgraphs as Federation 2 does.

Federation 1 said less: every field could be shared, `@external` and extensions were used out of habit, and what had no
effect was let through. An upgraded subgraph says in Federation 2 what the original meant.

Source: https://www.apollographql.com/docs/graphos/reference/federation/versions#v20
"""

from collections.abc import Callable, Iterator, Sequence

from router.compose.facts import target_fields
from router.compose.inactive import without_inactive_fields
from router.compose.model import Applied, CompositeType, Field, FieldsType, ObjectType, Schema
from router.compose.read import upgraded_links, with_links
from router.compose.rules import extension_with_no_base, interface_object_usage_error, type_with_only_unused_external
from router.compose.rules.field_sets import invalid_fields
from router.compose.rules.field_sets.application import Application, Meaning
from router.compose.subgraph import SubgraphSchema
from router.federation.errors import CompositionError, FederationError
from router.federation.type_ref import base_name
from router.federation.values import EnumName, same_value


def upgrade_all(subgraphs: Sequence[SubgraphSchema]) -> list[SubgraphSchema]:
    """The subgraphs, those of Federation 1 upgraded.

    Raises:
        FederationError: where a Federation 1 subgraph makes no sense beside the others.

    """
    if not any(subgraph.is_federation_1 for subgraph in subgraphs):
        return list(subgraphs)
    errors: list[CompositionError] = []
    upgraded: list[SubgraphSchema] = []
    for subgraph in subgraphs:
        if not subgraph.is_federation_1:
            upgraded.append(subgraph)
            continue
        faults = list(extension_with_no_base.check_federation_1(subgraph, subgraphs))
        try:
            upgrade = _Upgrade(subgraph, subgraphs)
        except FederationError as refused:
            faults.extend(refused.errors)
        else:
            faults.extend(upgrade.run())
            upgraded.append(upgrade.subgraph)
        errors.extend(fault.within(subgraph.name) for fault in faults)
    errors.extend(interface_object_usage_error.check_federation_1(subgraphs))
    if errors:
        raise FederationError(errors)
    return upgraded


class _Upgrade:
    """The upgrade of one subgraph, in steps that each leave a schema of their own kind."""

    def __init__(self, original: SubgraphSchema, everyone: Sequence[SubgraphSchema]) -> None:
        self._original = original
        self._others = [other for other in everyone if other is not original]
        self.subgraph = with_links(original, upgraded_links(original.links))
        self._schema: Schema = self.subgraph.schema

    def run(self) -> Iterator[CompositionError]:
        steps: tuple[Callable[[], None], ...] = (
            self._make_field_sets_strings,
            self._drop_external_on_interfaces_and_types,
            self._drop_external_on_extensions,
            self._drop_inactive_requirements,
            self._turn_extensions_into_definitions,
            self._drop_directives_on_interfaces,
            self._drop_provides_on_leaves,
        )
        for step in steps:
            step()
            self.subgraph.forget_facts()
        unused = self._drop_unused_external()
        self.subgraph.forget_facts()
        self._share()
        self._drop_tags_on_external()
        self.subgraph.forget_facts()
        yield from unused

    def _make_field_sets_strings(self) -> None:
        """Lists of strings and bare names were taken for field sets."""
        for meaning in ("key", "requires", "provides"):
            for _, applied in self.subgraph.applications(meaning):
                fields = applied.arguments.get("fields")
                if isinstance(fields, list) and all(isinstance(item, str) for item in fields):
                    applied.arguments["fields"] = " ".join(str(item) for item in fields)
                elif isinstance(fields, EnumName):
                    applied.arguments["fields"] = str(fields)

    def _drop_external_on_interfaces_and_types(self) -> None:
        for type_ in self._schema.with_fields():
            if isinstance(type_, ObjectType):
                _drop(type_.directives, "external")
            else:
                for field in type_.fields.values():
                    _drop(field.directives, "external")

    def _drop_external_on_extensions(self) -> None:
        """The key fields of an extension were marked `@external` for form's sake."""
        for type_ in self._schema.with_fields():
            if not (is_extension(type_) or is_root_extension(self._schema, type_)):
                continue
            for field in self._key_fields(type_):
                own = type_.fields.get(field.name)
                if own is not None and field.parent == type_.name:
                    _drop(own.directives, "external")

    def _key_fields(self, type_: FieldsType) -> list[Field]:
        if type_.has("key"):
            return [field for key in type_.applied("key") for field in target_fields(self._schema, type_, key)]
        found: list[Field] = []
        for other in self._others:
            same = other.schema.fields_type(type_.name)
            if same is not None and same.has("key"):
                found.extend(target_fields(other.schema, same, same.applied("key")[0]))
        return found

    def _drop_inactive_requirements(self) -> None:
        """Requiring or providing what the subgraph resolves anyway had no effect."""
        for type_ in self._schema.with_fields():
            for field in type_.fields.values():
                returned = self._schema.composite(base_name(field.type))
                self._narrow(field, "provides", returned)
                self._narrow(field, "requires", type_)

    def _narrow(self, field: Field, meaning: Meaning, start: CompositeType | None) -> None:
        owner = self._schema.fields_type(field.parent)
        for applied in field.applied(meaning):
            if start is None or owner is None:
                continue
            application = Application(self.subgraph, meaning, applied, owner, field, start)
            try:
                narrowed = without_inactive_fields(self.subgraph, start, invalid_fields.parse(application))
            except FederationError:
                # left as it is, to be refused when the upgraded schema is checked
                continue
            if narrowed is None:
                field.directives.remove(applied)
            else:
                applied.arguments["fields"] = narrowed

    def _turn_extensions_into_definitions(self) -> None:
        for type_ in self._schema.types.values():
            if not isinstance(type_, FieldsType):
                continue
            if is_extension(type_) or is_root_extension(self._schema, type_):
                type_.extensions.clear()
                type_.defined = True
                for applied in type_.directives:
                    applied.extension = None
                for field in type_.fields.values():
                    field.extension = None

    def _drop_directives_on_interfaces(self) -> None:
        """Keys, requirements and provisions of interfaces were ignored."""
        for type_ in self._schema.interfaces():
            _drop(type_.directives, "key")
            for field in type_.fields.values():
                _drop(field.directives, "provides")
                _drop(field.directives, "requires")

    def _drop_provides_on_leaves(self) -> None:
        for type_ in self._schema.objects():
            for field in type_.fields.values():
                if self._schema.composite(base_name(field.type)) is None:
                    _drop(field.directives, "provides")

    def _drop_unused_external(self) -> list[CompositionError]:
        facts = self.subgraph.facts
        errors: list[CompositionError] = []
        for type_ in list(self._schema.with_fields()):
            unused = [
                field.name for field in type_.fields.values() if facts.is_external(field) and not facts.is_used(field)
            ]
            for name in unused:
                del type_.fields[name]
            if unused and not type_.fields:
                errors.extend(type_with_only_unused_external.check(self._schema, type_))
                del self._schema.types[type_.name]
        return errors

    def _share(self) -> None:
        """What several Federation 1 subgraphs resolve was shared without saying so."""
        for type_ in self._schema.objects():
            if type_.name == self._schema.roots.get("subscription"):
                continue
            if type_.has("key") or self._schema.is_root(type_):
                for field in type_.fields.values():
                    if not self._original.facts.is_shareable(field) and self._is_resolved_elsewhere(field):
                        _add_shareable(field.directives)
            elif any(other.schema.fields_type(type_.name) is not None for other in self._others):
                _add_shareable(type_.directives)

    def _is_resolved_elsewhere(self, field: Field) -> bool:
        for other in self._others:
            type_ = other.schema.fields_type(field.parent)
            same = type_.fields.get(field.name) if type_ else None
            if same is not None and not other.facts.is_fully_external(same):
                return True
        return False

    def _drop_tags_on_external(self) -> None:
        """A tag on an external field stays where the field is resolved."""
        for type_ in self._schema.with_fields():
            for field in type_.fields.values():
                if field.has("external"):
                    for tag in field.applied("tag"):
                        if self._is_tagged_elsewhere(field, tag):
                            field.directives.remove(tag)

    def _is_tagged_elsewhere(self, field: Field, tag: Applied) -> bool:
        for other in self._others:
            type_ = other.schema.fields_type(field.parent)
            same = type_.fields.get(field.name) if type_ else None
            if same is None or same.has("external"):
                continue
            if any(same_value(tag.arguments, each.arguments) for each in same.applied("tag")):
                return True
        return False


def is_extension(type_: FieldsType) -> bool:
    """Whether Federation 1 takes the type for an extension of another subgraph's."""
    return type_.has("extends") or (bool(type_.extensions) and not type_.defined)


def is_root_extension(schema: Schema, type_: FieldsType) -> bool:
    return isinstance(type_, ObjectType) and schema.is_root(type_) and is_extension(type_)


def _drop(directives: list[Applied], meaning: str) -> None:
    directives[:] = [applied for applied in directives if applied.meaning != meaning]


def _add_shareable(directives: list[Applied]) -> None:
    if not any(applied.meaning == "shareable" for applied in directives):
        directives.append(Applied("shareable", {}, "shareable"))
