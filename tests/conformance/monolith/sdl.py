"""The SDL of what a subgraph has."""

from tests.conformance.monolith.parts import Part, nodes
from tests.conformance.monolith.schema import CONTEXT, Field, Kind, Schema, Type, interfaces_of
from tests.conformance.monolith.selections import fields_of, selection

HEADER = (
    'extend schema @link(url: "https://specs.apollo.dev/federation/v2.8", import: ["@key", "@shareable", "@external", '
    '"@requires", "@provides", "@override", "@interfaceObject", "@inaccessible", "@context", "@fromContext"])'
)


class Printer:
    """Writes the SDL of parts."""

    def __init__(self, schema: Schema, parts: list[Part]) -> None:
        self._schema = schema
        self._parts = parts
        self._provided = {
            (at, node.name.value)
            for part in parts
            for (name, field), text in part.provided.items()
            for at, node in nodes(schema, schema[name].fields[field].base, selection(text))
        }

    def sdl(self, part: Part) -> str:
        """The SDL; empty if there is nothing in it."""
        definitions = [self._definition(part, self._schema[name]) for name in self._schema if name in part.types]
        written = [each for each in definitions if each]
        if any(" J" in each or "[J" in each for each in written):
            written.append("scalar J")
        head = [] if part.is_old else [HEADER]
        return "\n".join([*head, *written, ""]) if written else ""

    def _definition(self, part: Part, type_: Type) -> str:  # noqa: PLR0911 - a kind of type, a line
        match type_.kind:
            case Kind.ROOT:
                return self._object(part, type_) if part.owned[type_.name] else ""
            case Kind.ENTITY | Kind.VALUE:
                return self._object(part, type_)
            case Kind.INTERFACE if type_.name in part.objects:
                names = [each for each in type_.fields if each in part.owned[type_.name] | part.external[type_.name]]
                fields = ["id: ID!", *(self._field(part, type_, type_.fields[each]) for each in names)]
                return f'type {type_.name} @key(fields: "id") @interfaceObject {{ {" ".join(fields)} }}'
            case Kind.INTERFACE:
                return self._interface(part, type_)
            case Kind.UNION:
                return f"union {type_.name} = {' | '.join(each for each in type_.members if each in part.types)}"
            case Kind.ENUM:
                values = (f"{each} @inaccessible" if each in type_.hidden else each for each in type_.values)
                return f"enum {type_.name} {{ {' '.join(values)} }}"
            case Kind.INPUT:
                return f"input {type_.name} {{ {' '.join(map(str, type_.inputs))} }}"

    def _object(self, part: Part, type_: Type) -> str:
        interfaces = [each for each in interfaces_of(self._schema, type_.name) if self.declares(part, each)]
        head = f"type {type_.name}"
        if interfaces:
            head += f" implements {' & '.join(interfaces)}"
        for key, is_resolvable in part.keys.get(type_.name, ()):
            head += f' @key(fields: "{key}"{"" if is_resolvable else ", resolvable: false"})'
        if type_.kind is Kind.VALUE and not part.is_old:
            head += " @shareable"
        if type_.context and type_.context in self.present(part, type_):
            head += f' @context(name: "{CONTEXT}")'
        if type_.name in part.extends:
            head = f"extend {head}"
        fields = [self._field(part, type_, type_.fields[each]) for each in self.present(part, type_)]
        return f"{head} {{ {' '.join(fields)} }}"

    def declares(self, part: Part, interface: str) -> bool:
        return interface in part.types and interface not in part.objects

    def present(self, part: Part, type_: Type) -> list[str]:
        """The names of the fields that the subgraph has of a type."""
        if type_.kind is Kind.VALUE:
            return [each for each in type_.fields if each not in part.lacks[type_.name]]
        wanted = part.owned[type_.name] | part.external[type_.name]
        for key, _ in part.keys.get(type_.name, ()):
            wanted = wanted | {each.name.value for each in fields_of(selection(key))}
        for each in interfaces_of(self._schema, type_.name):
            if self.declares(part, each):
                wanted = wanted | {self._schema[each].anchor}
        if any(type_.name == self._schema[each].fields["owner"].base for each in self._owned_by_key(part)):
            wanted = wanted | {"id"}
        return [each for each in type_.fields if each in wanted]

    def _owned_by_key(self, part: Part) -> list[str]:
        """The entities that a key describes by another one."""
        return [name for name, keys in part.keys.items() if any("owner" in key for key, _ in keys)]

    def _field(self, part: Part, type_: Type, field_: Field) -> str:
        text = field_.signature
        place = (type_.name, field_.name)
        if field_.name in part.external[type_.name]:
            return f"{text} @external"
        if field_.requires:
            text += f' @requires(fields: "{field_.requires}")'.replace('"r"', '\\"r\\"').replace('"7"', '\\"7\\"')
        if place in part.provided:
            text += f' @provides(fields: "{part.provided[place]}")'
        if place in part.overrides:
            label = f', label: "{part.labels[place]}"' if place in part.labels else ""
            text += f' @override(from: "{part.overrides[place]}"{label})'
        if part.is_old:
            return f"{text} @external" if field_.is_key and type_.name in part.extends else text
        if type_.kind is not Kind.VALUE and self.is_shared(type_, field_):
            text += " @shareable"
        return f"{text} @inaccessible" if field_.hidden else text

    def is_shared(self, type_: Type, field_: Field) -> bool:
        """Whether several subgraphs resolve the field."""
        having = [each for each in self._parts if type_.name in each.types and field_.name in self.present(each, type_)]
        resolving = [each for each in having if field_.name not in each.external[type_.name]]
        return len(resolving) > 1 or (type_.name, field_.name) in self._provided

    def _interface(self, part: Part, type_: Type) -> str:
        """With the fields that all its implementations have here."""
        here = [self._schema[each] for each in type_.members if each in part.types]
        common = [
            each
            for each in type_.fields
            if all(each in self.present(part, member) and each not in part.external[member.name] for member in here)
            and here
        ]
        key = ' @key(fields: "id")' if type_.has_object else ""
        parent = f" implements {type_.parent}" if type_.parent and self.declares(part, type_.parent) else ""
        fields = " ".join(type_.fields[each].signature for each in common)
        return f"interface {type_.name}{parent}{key} {{ {fields} }}"
