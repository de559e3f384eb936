"""HTTP requests: most of them nearly right."""

# The brotli package comes without types.
# pyright: reportUnknownMemberType=false, reportUnknownVariableType=false, reportUnknownArgumentType=false

import asyncio
import gzip
import random
import zlib
from dataclasses import dataclass, field
from hashlib import sha256
from typing import Any, Final
from urllib.parse import quote, urlencode

import brotli
import orjson
import zstandard

from tests.conformance.inputs.documents import Drawn, draw_document
from tests.conformance.inputs.forms import draw_form
from tests.conformance.inputs.graph import BROKEN, BROKEN_REPLIES
from tests.conformance.inputs.tokens import scrambled
from tests.conformance.inputs.values import changed, deep_text, storable, strange, with_numbers

ACCEPTS: Final = (
    *("application/json", "application/graphql-response+json", "*/*", "application/*", "", "text/html", "text/plain"),
    "application/graphql-response+json, application/json;q=0.9",
    "application/graphql-response+json, application/graphql+json, application/json, text/event-stream, multipart/mixed",
    "text/event-stream",
    "multipart/mixed;boundary=graphql;subscriptionSpec=1.0,application/graphql-response+json,application/json;q=0.9",
    "multipart/mixed;deferSpec=20220824,application/json",
    "multipart/mixed;incrementalSpec=v0.2,application/json",
    'multipart/mixed; deferSpec="20220824"',
    "multipart/mixed",
    "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8",
    "application/json;q=0, */*;q=0.1",
    "text/event-stream;q=0.5, application/json;q=0.4",
)
"""Well-formed ones."""

_ODD_ACCEPTS: Final = (
    *(
        "application/json;q=x",
        "application/json;q=inf",
        ",,,",
        ";",
        "/",
        "*",
        "application/json;q=-1",
        "\xff",
        "a" * 5_000,
    ),
    *("multipart/mixed;deferSpec", "multipart/mixed;=", "text/event-stream;q=nan", "application/json;q=1e5", '"', "\t"),
    *("multipart/mixed;subscriptionSpec=2.0", "application/json;" * 200, "a/b," * 500 + "application/json"),
)

_JSON: Final = "application/json"
_CONTENT_TYPES: Final = (
    *("application/json; charset=utf-8", 'application/json;charset="UTF-8"', "application/json; charset=latin-1", ""),
    *("application/graphql", "text/plain", "application/x-www-form-urlencoded", "application/json; charset=utf-16"),
    *(
        "multipart/form-data",
        "multipart/form-data; boundary=",
        "multipart/form-data; boundary=x",
        "multipart/form-datax",
    ),
    *("application/json;", "APPLICATION/JSON", "application/json, application/json", "\xff", "application/jsonx", ";"),
)

_HEADERS: Final = (
    *(
        ("host", each)
        for each in ("", "a b", "x/y", "[::1]:80", "a" * 400, "\xe9", "evil.example:99999", "a,b", "h@st")
    ),
    *(("authorization", each) for each in ("Bearer x", "Bearer", "", "Basic \x00", "a\tb", "\xff" * 20, "x" * 9_000)),
    *(("accept-encoding", each) for each in ("gzip", "br", "zstd", "gzip;q=0", "*", "", ";;", "gzip;q=x, br;q=2")),
    *(("origin", each) for each in ("null", "https://studio.example", "https://evil.example", "\xff", "", "x" * 500)),
    *(("cookie", each) for each in ("a=b", ";", "\x00", "session=1; x=2")),
    *(("last-event-id", each) for each in ("1", "x", "", "\xff", "a" * 2_000, "1 2", "-5", "99999999999999999999")),
    *(("sec-fetch-site", each) for each in ("cross-site", "same-origin", "none", "x")),
    *((BROKEN, each) for each in BROKEN_REPLIES),
    *(("x-graphql-event-stream-token", each) for each in ("", "x", "\xff")),
    *(("range", "bytes=0-0,1-1," + "2-2," * 500), ("expect", "100-continue"), ("upgrade", "websocket"), ("te", "x")),
    *(("content-length", each) for each in ("-1", "x", "999999999999", "0")),
    *(("apollo-require-preflight", "1"), ("x-apollo-operation-name", "x"), ("x-forwarded-for", "\xff"), ("", "x")),
    *(
        ("access-control-request-method", "POST"),
        ("access-control-request-headers", "x"),
        ("graphql-cost-dry-run", "1"),
    ),
)

_METHODS: Final = (
    "GET",
    "POST",
    "OPTIONS",
    "HEAD",
    "PUT",
    "DELETE",
    "PATCH",
    "TRACE",
    "CONNECT",
    "post",
    "",
    "X" * 100,
)
_PATHS: Final = ("/", "/graphql/", "/graphql/stream", "/health", "/ready", "/nothing", "/graphql/../x", "//graphql", "")

_HASH: Final = "0" * 64


@dataclass(slots=True)
class Exchange:
    """A request, as the server hands it to an application.

    Attributes:
        chunks: of the body.
        leaves: after how many pieces of the answer the client goes; 0 before the body is complete, None never.
        accept: what the client takes, if it says so in a way that has a meaning.
        batch: how many operations there are, if they are a list of well-formed ones.
        known: whether it is a valid query, which nothing stands against.
        gone: set to let the client leave.
    """

    method: str = "POST"
    path: str = "/graphql"
    query: bytes = b""
    headers: list[tuple[bytes, bytes]] = field(default_factory=list[tuple[bytes, bytes]])
    chunks: list[bytes] = field(default_factory=lambda: [b""])
    leaves: int | None = None
    accept: str | None = None
    batch: int | None = None
    known: bool = False
    gone: asyncio.Event = field(default_factory=asyncio.Event)


def draw_exchange(chance: random.Random) -> Exchange:
    """Any request."""
    exchange = Exchange()
    _fill(exchange, chance)
    roll = chance.random()
    if roll < 0.6:
        exchange.accept = chance.choice(ACCEPTS)
        _add(exchange, "accept", exchange.accept)
    elif roll < 0.67:
        _add(exchange, "accept", chance.choice(_ODD_ACCEPTS))
    else:
        exchange.accept = "*/*"
    while chance.random() < 0.25:
        exchange.known = False
        _add(exchange, *chance.choice(_HEADERS))
    if chance.random() < 0.03:
        exchange.method, exchange.known = chance.choice(_METHODS), False
    if chance.random() < 0.02:
        exchange.path, exchange.known = chance.choice(_PATHS), False
    if chance.random() < 0.03:
        exchange.leaves = chance.choice((0, 1, 2, 5))
    return exchange


def parameters(drawn: Drawn, chance: random.Random) -> dict[str, Any]:
    """What a client sends for a document, as JSON."""
    found: dict[str, Any] = {"query": drawn.text}
    if drawn.variables:
        found["variables"] = dict(drawn.variables)
    return found if chance.random() < 0.7 else spoiled(found, chance)


def spoiled(found: dict[str, Any], chance: random.Random) -> dict[str, Any]:
    """The parameters, with more or something else in them."""
    match chance.randrange(9):
        case 0:
            found["operationName"] = chance.choice(("O", "q1", "", "x" * 500, "S", "\x00", None, 5))
        case 1:
            found["extensions"] = chance.choice(({}, {"cursor": "1"}, {"cursor": chance.choice(("", 5, "\n", "a b"))}))
        case 2:
            found = _hashed(found, chance)
        case 3:
            found[chance.choice(("id", "documentId", "doc_id"))] = chance.choice(("x", "", 5, None, _HASH, "\ud7ff"))
        case 4 | 5:
            found["variables"] = changed(found.get("variables", {"x": 1, "id": "1"}), chance)
        case 6:
            found["variables"] = {**found.get("variables", {}), **{f"v{n}": strange(chance) for n in range(3)}}
        case _:
            found = changed(found, chance)
    return found


def _hashed(found: dict[str, Any], chance: random.Random) -> dict[str, Any]:
    """The parameters of a client that persists what it sends."""
    text = str(found["query"])
    hash_ = (
        sha256(text.encode(errors="replace")).hexdigest() if chance.random() < 0.7 else chance.choice((_HASH, "x", ""))
    )
    persisted: Any = {"version": 1, "sha256Hash": hash_}
    if chance.random() < 0.3:
        persisted = changed(persisted, chance)
    found["extensions"] = {"persistedQuery": persisted}
    if chance.random() < 0.5:
        del found["query"]
    return found


def _fill(exchange: Exchange, chance: random.Random) -> None:
    """Give the request something to ask."""
    roll = chance.random()
    if roll < 0.70:
        _as_json(exchange, chance)
    elif roll < 0.86:
        _as_query_string(exchange, chance)
    elif roll < 0.89:
        exchange.batch = chance.choice((0, 1, 2, 5, 6, 50, 1_000))
        texts = [parameters(draw_document(chance), chance) for _ in range(min(exchange.batch, 6))]
        _send(exchange, [texts[at % 6] for at in range(exchange.batch)], chance)
    else:
        form = draw_form(parameters(draw_document(chance), chance), chance)
        _add(exchange, "content-type", form.content_type)
        if chance.random() < 0.9:
            _add(exchange, "apollo-require-preflight", "1")
        exchange.chunks = _cut(form.body if chance.random() < 0.8 else scrambled(form.body, chance), chance)


def _as_json(exchange: Exchange, chance: random.Random) -> None:
    drawn = draw_document(chance)
    if chance.random() < 0.6:
        found = {"query": drawn.text, **({"variables": drawn.variables} if drawn.variables else {})}
        exchange.known = drawn.is_valid
    else:
        found = parameters(drawn, chance)
    _send(exchange, found, chance)


def _send(exchange: Exchange, content: Any, chance: random.Random) -> None:
    roll = chance.random()
    body = orjson.dumps(storable(content))
    if roll < 0.75:
        _add(exchange, "content-type", _JSON)
        exchange.chunks = _cut(body, chance)
        return
    exchange.known, exchange.batch = False, None
    if roll < 0.80:
        body = scrambled(body, chance)
    elif roll < 0.84:
        body = with_numbers(body, chance)
    elif roll < 0.85:
        body = chance.choice((deep_text(chance), b'{"query":"{failing}","variables":{"x":%b}}' % deep_text(chance)))
    elif roll < 0.86:
        body = chance.choice(
            (b"", b"null", b"1", b'""', b"[]", b"\xef\xbb\xbf{}", b"\xff\xfe{}", b"[[]]", b"{}", b"\x00")
        )
    elif roll < 0.94:
        body = _coded(exchange, body, chance)
    type_ = chance.choice(_CONTENT_TYPES) if roll >= 0.94 else _JSON
    _add(exchange, "content-type", type_)
    exchange.chunks = _cut(body, chance)


_CODERS: Final[tuple[tuple[str, Any], ...]] = (
    ("gzip", gzip.compress),
    ("x-gzip", gzip.compress),
    ("deflate", zlib.compress),
    ("br", brotli.compress),
    ("zstd", zstandard.ZstdCompressor().compress),
)


def _coded(exchange: Exchange, body: bytes, chance: random.Random) -> bytes:
    """The body in a coding, or nearly."""
    name, code = chance.choice(_CODERS)
    if chance.random() < 0.05:
        body = b" " * chance.choice((1_999_000, 2_100_000, 8_000_000))
    found: bytes = code(body)
    match chance.randrange(6):
        case 0:
            found = scrambled(found, chance)
        case 1:
            found = found[: chance.randrange(len(found) + 1)]
        case 2:
            found += found
        case _:
            pass
    given = (
        name
        if chance.random() < 0.85
        else chance.choice(("gzip, gzip", "GZIP", "compress", "", "identity", "br", "\xff"))
    )
    _add(exchange, "content-encoding", given)
    return found


def _as_query_string(exchange: Exchange, chance: random.Random) -> None:
    exchange.method, exchange.chunks = "GET", [b""]
    found: Any = parameters(draw_document(chance), chance)
    given: dict[str, Any] = found if isinstance(found, dict) else {"query": strange(chance)}
    pairs = [
        (str(name), each if isinstance(each, str) else orjson.dumps(storable(each)).decode())
        for name, each in given.items()
    ]
    text = urlencode([(name.encode(errors="replace"), each.encode(errors="replace")) for name, each in pairs])
    match chance.randrange(12):
        case 0:
            text += "&" + text
        case 1:
            text += chance.choice(
                ("&", "&=", "&query", "&%", "%", "&%ff=%ff", "&a=1" * 60, "&variables=", "#", ";", "+")
            )
        case 2:
            text = scrambled(text.encode(), chance).decode("latin-1")
        case 3:
            text = quote(text)
        case 4:
            _add(exchange, "content-type", chance.choice((*_CONTENT_TYPES, _JSON)))
        case _:
            pass
    exchange.query = text.encode("latin-1", "replace")


def _cut(body: bytes, chance: random.Random) -> list[bytes]:
    """The body in pieces, of which some may be empty."""
    if chance.random() < 0.8:
        return [body]
    at = sorted(chance.randrange(len(body) + 1) for _ in range(chance.randint(1, 4)))
    return [body[start:end] for start, end in zip([0, *at], [*at, len(body)], strict=True)]


def _add(exchange: Exchange, name: str, value: str) -> None:
    exchange.headers.append((name.encode("latin-1", "replace"), value.encode("latin-1", "replace")))
