"""INVALID_LINK_DIRECTIVE_USAGE: a `@link` whose imports are malformed or whose names clash.

Source: https://specs.apollo.dev/link/v1.0, and the rules on name conflicts of Federation 2.14.
"""

import re
from collections import Counter
from collections.abc import Iterator

from router.federation.errors import CompositionError, ErrorCode, FederationError
from router.federation.features import INACCESSIBLE, TAG, feature
from router.federation.links import Import, Link, Links
from router.federation.urls import FeatureUrl
from router.federation.values import Value, print_value

_ELEMENT = re.compile(r"@?[_A-Za-z]\w*", re.ASCII)
_NAME = re.compile(r"[_A-Za-z]\w*", re.ASCII)


def imports(value: Value, url: FeatureUrl) -> Iterator[Import]:
    """The imports that `@link(import:)` spells."""
    if value is None:
        return
    known = feature(url.identity, url.version)
    for item in value if isinstance(value, list) else [value]:
        imported = _import(item)
        if known is not None and imported.name not in known.elements():
            raise _refused(f'Cannot import "{imported.name}": {url} has no such element')
        yield imported


def _import(item: Value) -> Import:
    if isinstance(item, str):
        return Import(item, item)
    if not isinstance(item, dict) or not item.keys() <= {"name", "as"}:
        raise _refused(
            f'Cannot import {print_value(item)}: an import is a name, or an object {{name: "@element", as: "@alias"}}'
        )
    name, alias = item.get("name"), item.get("as") or item.get("name")
    if not (
        isinstance(name, str) and isinstance(alias, str) and _ELEMENT.fullmatch(name) and _ELEMENT.fullmatch(alias)
    ):
        raise _refused(f"Cannot import {print_value(item)}: both names must be GraphQL names, with @ for directives")
    if name.startswith("@") != alias.startswith("@"):
        raise _refused(
            f'Cannot import "{name}" as "{alias}": directives are written with "@" on both sides, types without'
        )
    return Import(name, alias)


def check(link: Link, links: Links) -> None:
    """Refuse `link` where its names are ill-formed or clash with those of the `links` before it.

    Raises:
        FederationError: INVALID_LINK_DIRECTIVE_USAGE.

    """
    identity = link.url.identity
    if identity in links.by_identity:
        raise _refused(f'The feature "{identity}" is linked twice; keep one @link to it')
    _check_alias(link)
    taken = links.by_alias.get(link.alias)
    if taken is not None:
        raise _refused(
            f'The name "{link.alias}" is taken by "{taken.url.identity}"; link "{identity}" under another with "as:"'
        )
    origin = links.by_import.get(f"@{link.alias}")
    if origin is not None:
        raise _refused(f'"@{link.alias}" is imported from "{origin.link.url.identity}" and would name "{identity}" too')
    pairs = set(link.imports)
    twice = Counter(name for each in pairs for name in {("name", each.name), ("alias", each.alias)})
    for imported in link.imports:
        _check_import(link, imported, links)
        if twice["name", imported.name] > 1 or twice["alias", imported.alias] > 1:
            raise _imported_twice(link, imported)


def _check_alias(link: Link) -> None:
    identity, alias = link.url.identity, link.alias
    legacy = {TAG: "federation__tag", INACCESSIBLE: "federation__inaccessible"}.get(identity)
    if ("__" in alias and alias != legacy) or alias.endswith("_") or not _NAME.fullmatch(alias):
        raise _refused(
            f'Cannot link "{identity}" as "{alias}": a feature\'s name is a GraphQL name without "__" or a final "_"; '
            'choose one with "as:"'
        )


def _check_import(link: Link, imported: Import, links: Links) -> None:
    mine, name = link.url.identity, imported.alias.removeprefix("@")
    shown = f'"{imported.name}" from "{mine}" as "{imported.alias}"'
    origin = links.by_import.get(imported.alias)
    if origin is not None:
        raise _refused(f'Cannot import {shown}: the name is imported from "{origin.link.url.identity}" already')
    prefix, separator, local = name.partition("__")
    if separator and prefix == link.alias and local != imported.name.removeprefix("@"):
        raise _refused(f"Cannot import {shown}: the name means another element of the same feature")
    clash = links.by_alias.get(prefix) if separator else links.by_alias.get(name) if imported.is_directive else None
    if clash is not None:
        raise _refused(f'Cannot import {shown}: the name belongs to the feature "{clash.url.identity}"')
    if imported.is_directive and name == link.alias and imported.name != f"@{link.url.name}":
        raise _refused(f'Cannot import {shown}: the name means "@{link.url.name}" of the same feature')


def _imported_twice(link: Link, imported: Import) -> FederationError:
    other = next(each for each in link.imports if (each.name == imported.name) != (each.alias == imported.alias))
    shown = f'"{imported.name}" from "{link.url.identity}" as "{imported.alias}"'
    return _refused(f'Cannot import {shown} beside "{other.name}" as "{other.alias}": one name each')


def _refused(message: str) -> FederationError:
    return FederationError([CompositionError(ErrorCode.INVALID_LINK_DIRECTIVE_USAGE, f"{message}.")])
