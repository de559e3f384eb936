"""Forms with files: most of them nearly as they should be.

Source: https://github.com/jaydenseric/graphql-multipart-request-spec
"""

import random
from typing import Any, Final, NamedTuple

import orjson

from tests.conformance.inputs.values import changed, storable

_STORE: Final = "mutation ($file: Upload, $files: [Upload!]) { store(file: $file, files: $files) }"

_BOUNDARIES: Final = ("x", "----WebKitFormBoundary7MA4YWxkTrZu0gW", "a" * 70, "'()+_,-./:=?")


class FormBody(NamedTuple):
    """A form as it is sent."""

    content_type: str
    body: bytes


def draw_form(parameters: Any, chance: random.Random) -> FormBody:
    """Any form; it stores files, or asks what `parameters` say."""
    operations: Any = parameters
    places: Any = {}
    if chance.random() < 0.7:
        operations = {"query": _STORE, "variables": {"file": None, "files": [None, None]}}
        places = {"0": ["variables.file"], "1": ["variables.files.0"], "2": ["variables.files.1"]}
    if chance.random() < 0.1:
        operations = [operations, operations]
    if chance.random() < 0.25:
        operations = changed(operations, chance)
    if chance.random() < 0.25:
        places = changed(places, chance)
    fields = [("operations", _text(operations)), ("map", _text(places))]
    files = [(name, chance.choice((b"", b"text", b"\x00\xff\r\n--", b"z" * 30_000))) for name in ("0", "1", "2")]
    return _written(fields, files if chance.random() < 0.9 else files[: chance.randrange(3)], chance)


def _text(value: Any) -> bytes:
    return orjson.dumps(storable(value))


def _written(fields: list[tuple[str, bytes]], files: list[tuple[str, bytes]], chance: random.Random) -> FormBody:
    boundary = chance.choice(_BOUNDARIES)
    end = b"\r\n" if chance.random() < 0.95 else b"\n"
    parts = [_part(name, value, end, None) for name, value in fields]
    parts += [_part(name, value, end, chance.choice(("f.txt", "", 'a"b', "../x", "é" * 50))) for name, value in files]
    if chance.random() < 0.1:
        chance.shuffle(parts)
    if chance.random() < 0.1:
        parts.append(chance.choice(parts))
    if chance.random() < 0.05:
        parts *= chance.choice((2, 30))
    marker = b"--" + boundary.encode()
    body = b"".join(marker + end + each + end for each in parts)
    last = (
        chance.choice((marker + b"--" + end, marker + b"--", b"", marker)) if chance.random() < 0.2 else marker + b"--"
    )
    quoted = f'"{boundary}"' if chance.random() < 0.5 or boundary.startswith("'") else boundary
    extra = chance.choice(("", "; charset=utf-8", "; charset=nothing", "; boundary=y"))
    return FormBody(f"multipart/form-data; boundary={quoted}{extra}", body + last)


def _part(name: str, value: bytes, end: bytes, file: str | None) -> bytes:
    named = "" if file is None else f'; filename="{file}"'
    kind = b"" if file is None else b"content-type: text/plain" + end
    return f'content-disposition: form-data; name="{name}"{named}'.encode() + end + kind + end + value
