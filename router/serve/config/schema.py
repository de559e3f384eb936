"""The configuration's JSON Schema, for editors and for checks of files before they are used."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

from router.serve.config.documentation import describe, summary_of
from router.serve.config.kinds import choices, is_enum, is_settings, item_kind, optional, settings_of, value_kind
from router.serve.config.printing import plain

DIALECT: Final = "https://json-schema.org/draft/2020-12/schema"

_SUBSTITUTED: Final = {"type": "string", "pattern": r"\$\{\w+(:-[^}]*)?\}"}
"""A variable of the environment, which can stand for any value."""

_TYPES: Final[Mapping[Any, Mapping[str, Any]]] = {
    str: {"type": "string"},
    Path: {"type": "string", "minLength": 1},
    bool: {"anyOf": [{"type": "boolean"}, _SUBSTITUTED]},
    int: {"anyOf": [{"type": "integer", "minimum": 0}, _SUBSTITUTED]},
    float: {"anyOf": [{"type": "number", "minimum": 0}, _SUBSTITUTED]},
}


def schema_of(kind: type) -> dict[str, Any]:
    """The schema of a dataclass's settings."""
    writer = _Writer()
    root = writer.object(kind)
    return {"$schema": DIALECT, "title": summary_of(kind), **root, "$defs": dict(sorted(writer.definitions.items()))}


class _Writer:
    """Each dataclass becomes one definition, however often it is met."""

    def __init__(self) -> None:
        self.definitions: dict[str, Any] = {}

    def object(self, kind: type) -> dict[str, Any]:
        settings = settings_of(kind)
        properties: dict[str, Any] = {}
        for name, each in settings.items():
            properties[name] = {"description": describe(kind, name), **self._value(each.kind)}
            inner, _ = optional(each.kind)
            if not each.is_required and not each.secret and not is_settings(inner):
                properties[name]["default"] = plain(each.kind, each.default)
        required = [name for name, each in settings.items() if each.is_required]
        told = {"required": required} if required else {}
        return {"type": "object", "additionalProperties": False, "properties": properties, **told}

    def _value(self, kind: Any) -> dict[str, Any]:
        inner, nullable = optional(kind)
        if is_settings(inner):
            # with nothing behind their name, all is as usual
            ways = [self._reference(inner), {"type": ["boolean", "null"] if nullable else "null"}]
            return {"anyOf": ways}
        found = self._inner(inner)
        return {"anyOf": [*found.get("anyOf", [found]), {"type": "null"}]} if nullable else found

    def _inner(self, kind: Any) -> dict[str, Any]:
        if kind in _TYPES:
            return dict(_TYPES[kind])
        if is_enum(kind):
            return {"anyOf": [{"enum": [each.value for each in kind]}, _SUBSTITUTED]}
        if (item := item_kind(kind)) is not None:
            return {"anyOf": [{"type": "array", "items": self._value(item)}, {"type": ["string", "null"]}]}
        if (value := value_kind(kind)) is not None:
            return {"type": ["object", "null"], "additionalProperties": self._value(value)}
        classes = choices(kind) or {}
        return {"oneOf": [self._tagged(name, each) for name, each in classes.items()]}

    def _tagged(self, name: str, kind: type) -> dict[str, Any]:
        properties = {name: self._reference(kind)}
        return {"type": "object", "required": [name], "additionalProperties": False, "properties": properties}

    def _reference(self, kind: type) -> dict[str, Any]:
        if kind.__name__ not in self.definitions:
            self.definitions[kind.__name__] = {}  # it may be met within itself
            self.definitions[kind.__name__] = {"description": summary_of(kind), **self.object(kind)}
        return {"$ref": f"#/$defs/{kind.__name__}"}
