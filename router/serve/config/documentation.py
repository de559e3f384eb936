"""What settings mean, taken from where they are defined: docstrings of dataclasses and of their fields."""

import ast
import inspect
import re
import textwrap
from collections.abc import Iterator, Mapping
from functools import cache
from typing import Any, Final, cast

from router.serve.config.kinds import (
    Setting,
    choices,
    is_enum,
    is_settings,
    item_kind,
    name_of,
    optional,
    settings_of,
    value_kind,
)
from router.serve.config.printing import plain

_ATTRIBUTE: Final = re.compile(r"^    (\w+): (.*(?:\n      .*)*)", re.MULTILINE)

_NONE: Final = re.compile(r"\bNone\b")
"""As Python writes what YAML calls null."""


@cache
def documentation_of(kind: type) -> Mapping[str, str]:
    """What each field of a class means, or each member of an enumeration, as one paragraph."""
    docstring = inspect.getdoc(kind) or ""
    _, _, section = docstring.partition("Attributes:\n")
    found = {name: " ".join(text.split()) for name, text in _ATTRIBUTE.findall(section)}
    return found | dict(_beside(kind))


def summary_of(kind: type) -> str:
    """What a class is, as one paragraph."""
    docstring, _, _ = (inspect.getdoc(kind) or "").partition("\n\n")
    return " ".join(docstring.split())


def _beside(kind: type) -> Iterator[tuple[str, str]]:
    """The texts that stand under fields."""
    (definition,) = ast.parse(textwrap.dedent(inspect.getsource(kind))).body
    assert isinstance(definition, ast.ClassDef)  # noqa: S101  # it is the source of a class
    for before, node in zip(definition.body, definition.body[1:], strict=False):
        if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant) and isinstance(node.value.value, str):
            text = " ".join(node.value.value.split())
            match before:
                case ast.AnnAssign(target=ast.Name(id=name)) | ast.Assign(targets=[ast.Name(id=name)]):
                    yield name, text
                case _:
                    pass


def describe(kind: type, name: str) -> str:
    """What a setting means to whoever writes YAML, with what each of its values means where these are few."""
    texts = documentation_of(kind)
    text = texts.get(name) or next((f"See `{each}`." for each, text in texts.items() if f"`{name}`" in text), "")
    inner, _ = optional(settings_of(kind)[name].kind)
    if is_enum(inner):
        members = documentation_of(inner)
        values = [f"`{each.value}`: {members[each.name]}" for each in inner if each.name in members]
        text = " ".join([text, *values])
    return _NONE.sub("`null`", text)


def reference(kind: type) -> str:
    """All keys in Markdown: a table for each group of keys, and for each kind of item in a list."""
    return "\n\n".join(_tables(kind, "", set()))


def _tables(kind: type, prefix: str, seen: set[type]) -> Iterator[str]:
    settings = settings_of(kind)
    rows = [
        f"| `{prefix}{name}` | {name_of(each.kind)} | {_default(each)} | {_cell(describe(kind, name))} |"
        for name, each in settings.items()
    ]
    yield "\n".join(["| Key | Value | Default | Meaning |", "|---|---|---|---|", *rows])
    for name, each in settings.items():
        for below, place in _below(each.kind, f"{prefix}{name}"):
            if below not in seen:
                seen.add(below)
                yield f"### `{place}`\n\n{summary_of(below)}"
                yield from _tables(below, f"{place}.", seen)


def _below(kind: Any, place: str) -> Iterator[tuple[type, str]]:
    """The groups of keys that a value consists of, and where they are."""
    kind, _ = optional(kind)
    if (classes := choices(kind)) is not None:
        for name, each in classes.items():
            yield each, f"{place}.{name}"
    elif is_settings(kind):
        yield kind, place
    elif (item := item_kind(kind)) is not None:
        yield from _below(item, f"{place}[]")
    elif (value := value_kind(kind)) is not None:
        yield from _below(value, f"{place}.NAME")


def _default(setting: Setting) -> str:
    if setting.is_required:
        return "required"
    inner, _ = optional(setting.kind)
    if is_settings(inner):
        return "off" if setting.default is None else ""
    return _written(plain(setting.kind, setting.default))


def _written(value: Any) -> str:
    match value:
        case list() if value:
            return f"`{', '.join(map(str, cast('list[Any]', value)))}`"
        case list() | dict():
            return "none"
        case bool() | None:
            return {True: "true", False: "false", None: "null"}[value]
        case int():
            return f"{value:,}".replace(",", " ")
        case float():
            return f"{value:g}"
        case _:
            return f"`{value}`"


def _cell(text: str) -> str:
    return text.replace("|", "\\|")
