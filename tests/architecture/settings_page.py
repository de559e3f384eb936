"""Every setting, read from the code: `python -m tests.architecture.settings_page` writes the page."""

import ast
import inspect
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path
from typing import Final, NamedTuple

from pydantic_settings import BaseSettings

from shared.settings import PlatformSettings
from studium.master_key import MasterKeySettings
from studium.settings import StudiumSettings
from studium.worker import WorkerSettings

PAGE: Final = Path(__file__).parents[2] / "docs" / "operations" / "settings.md"
CLASSES: Final[dict[type[BaseSettings], str]] = {
    PlatformSettings: "The platform",
    StudiumSettings: "Processes",
    MasterKeySettings: "The master key of tenants' data keys (`keys.md`)",
    WorkerSettings: "The worker",
}
_HEAD: Final = """# Settings

This page is generated from the code (`python -m tests.architecture.settings_page`); a test holds it to it.

All of them are environment variables. What is empty in the second column is not set, or made where it is needed.
"""


class Setting(NamedTuple):
    """One variable."""

    name: str
    default: str
    words: str


def settings_of(class_: type[BaseSettings]) -> Iterator[Setting]:
    """Those that a class declares itself, in its order, each with the words that stand below it."""
    prefix = str(class_.model_config.get("env_prefix", ""))
    [body] = [node.body for node in ast.parse(inspect.getsource(class_)).body if isinstance(node, ast.ClassDef)]
    for node, following in pairwise([*body, ast.Pass()]):
        match node:
            case ast.AnnAssign(target=ast.Name(id=name)):
                yield Setting(f"{prefix}{name}".upper(), _default(class_, name), _words(following))
            case _:
                pass


def _words(node: ast.stmt) -> str:
    match node:
        case ast.Expr(value=ast.Constant(value=str(words))):
            return " ".join(words.split())
        case _:
            return ""


def _default(class_: type[BaseSettings], name: str) -> str:
    """As operators write it; a worker's name is another on each machine."""
    default = class_.model_fields[name].default
    known = isinstance(default, str | int | float | Path) and name != "member"
    return f"`{default}`" if known and str(default) else ""


def page() -> str:
    """The whole page."""
    parts = [_HEAD]
    for class_, title in CLASSES.items():
        rows = [f"| `{one.name}` | {one.default} | {one.words} |" for one in settings_of(class_)]
        parts.append("\n".join([f"\n## {title}\n", "| variable | default | |", "| --- | --- | --- |", *rows, ""]))
    return "".join(parts)


if __name__ == "__main__":
    PAGE.write_text(page())
