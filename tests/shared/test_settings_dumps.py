"""No settings show a secret, however they are written down."""

from importlib import import_module
from pathlib import Path
from typing import Any

import pytest
from pydantic import SecretStr
from pydantic_settings import BaseSettings

from shared.masking import is_secret_name
from studium.platform import SUBGRAPHS

ROOT = Path(__file__).parents[2]
MODULES = ("shared.settings", "studium.settings", "studium.worker", "studium.master_key")
PUBLIC = frozenset(
    {
        "breached_passwords",
        "client_url",
        "jwks_url",
        "kms_access_key_id",
        "kms_key_id",
        "master_key_file",
        "private_identity_providers",
        "public_url",
        "router_keys",
    }
)
"""Named as keys are, but anybody may know them: public halves, names and places."""
CANARY = "canary-0123456789-0123456789-0123456789"


def settings_classes() -> list[type[BaseSettings]]:
    """Every class that reads the environment."""
    modules = [*MODULES, *(f"subgraphs.{name}.settings" for name in SUBGRAPHS)]
    found = {value for name in modules for value in vars(import_module(name)).values() if isinstance(value, type)}
    own = [each for each in found if issubclass(each, BaseSettings) and each is not BaseSettings]
    return sorted(own, key=lambda each: each.__qualname__)


def test_every_class_of_settings_is_looked_at() -> None:
    written = [
        path
        for package in ("shared", "studium", "subgraphs", "router")
        for path in (ROOT / package).rglob("*.py")
        if "BaseSettings)" in path.read_text(encoding="utf-8")
    ]
    modules = {".".join(path.relative_to(ROOT).with_suffix("").parts) for path in written}
    assert modules <= {*MODULES, *(f"subgraphs.{name}.settings" for name in SUBGRAPHS)}


def several(shape: str) -> Any:
    """A secret, or as many as a field of that shape takes."""
    if "annotation=dict" in shape:
        return {"one": SecretStr(CANARY)}
    return [SecretStr(CANARY)] if "annotation=Sequence" in shape else SecretStr(CANARY)


@pytest.mark.parametrize("settings", settings_classes(), ids=lambda each: each.__qualname__)
class TestSettings:
    def test_what_is_called_a_secret_is_one(self, settings: type[BaseSettings]) -> None:
        named = [
            name
            for name in settings.model_fields
            if (is_secret_name(name) or name.endswith(("_key", "_keys", "_url"))) and name not in PUBLIC
        ]
        plain = [name for name in named if "SecretStr" not in str(settings.model_fields[name])]
        assert plain == []

    def test_no_secret_is_in_a_dump(self, settings: type[BaseSettings]) -> None:
        fields = {name: str(field) for name, field in settings.model_fields.items() if "SecretStr" in str(field)}
        given: dict[str, Any] = {name: several(shape) for name, shape in fields.items()}
        made = settings.model_construct(**given)
        for dump in (repr(made), str(made), str(made.model_dump()), made.model_dump_json()):
            assert CANARY not in dump
