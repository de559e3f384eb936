"""The inputs S1 to S34 that have brought other gateways down or made them tell too much, and the answer to each.

A row is a request, or a talk over a WebSocket, to the running application; or, where a single request cannot show it,
the names of the tests that do.
"""

import gzip
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final, TypeAlias
from urllib.parse import urlencode

import orjson

from tests.conformance.inputs.requests import Exchange
from tests.conformance.inputs.sockets import Script

SMALL: Final = 10_000
"""Bytes of an answer that has nothing to tell but what is wrong."""

CIRCULAR: Final = "{ __schema { types { " + "fields { type { " * 5 + "name" + " } }" * 5 + " } } }"
"""Asks for lists of the schema within lists."""

CATALOGUE: Final = "catalogue"
GUARDED: Final = "guarded"

Make: TypeAlias = Callable[[], Exchange]


@dataclass(frozen=True, slots=True)
class Row:
    """An input over HTTP.

    Attributes:
        status: any of these.
        code: of the first error; "" for data without errors; None where the answer is no GraphQL.
        app: which of the applications is asked.
        most: bytes of the answer.
    """

    id: str
    what: str
    make: Make
    status: tuple[int, ...]
    code: str | None
    app: str = CATALOGUE
    most: int = SMALL


@dataclass(frozen=True, slots=True)
class Talk:
    """An input over a WebSocket: a piece of what the application says, or the code that it closes with."""

    id: str
    what: str
    script: Script
    says: str = ""
    closes: int | None = None


def post(query: str, *, headers: Mapping[str, str] | None = None, **more: Any) -> Make:
    """A POST of JSON."""
    given = {"content-type": "application/json", **(headers or {})}

    def made() -> Exchange:
        body = orjson.dumps({"query": query, **more})
        return Exchange(headers=[(name.encode(), value.encode()) for name, value in given.items()], chunks=[body])

    return made


def raw(body: Callable[[], bytes], **headers: str) -> Make:
    """A POST of anything."""
    return lambda: Exchange(
        headers=[(name.replace("_", "-").encode(), value.encode()) for name, value in headers.items()], chunks=[body()]
    )


def get(query: str, method: str = "GET", path: str = "/graphql", **headers: str) -> Make:
    """A request with a query string."""
    text = urlencode({"query": query}).encode()
    given = [(name.replace("_", "-").encode(), value.encode()) for name, value in headers.items()]
    return lambda: Exchange(method, path, query=text, headers=list(given))


def leaving(query: str, accept: str, after: int) -> Make:
    """A client that goes after so many pieces of the answer."""

    def made() -> Exchange:
        exchange = post(query, headers={"accept": accept})()
        exchange.leaves = after
        return exchange

    return made


def doubling(count: int, body: str = "...F{0} ...F{0}") -> str:
    """Fragments that each spread the next one twice."""
    spreads = " ".join(f"fragment F{n} on Author {{ {body.format(n + 1)} }}" for n in range(count))
    return f"{{ book(id: 1) {{ author {{ ...F0 }} }} }} {spreads} fragment F{count} on Author {{ name }}"


def circle(size: int) -> str:
    """Fragments that spread each other in a circle."""
    spreads = " ".join(f"fragment F{n} on Book {{ ...F{(n + 1) % size} }}" for n in range(size))
    return "{ book(id: 1) { ...F0 } } " + spreads


def deep(name: str) -> str:
    """A fragment of that name, deeper than any may be."""
    return f"{{ book(id: 1) {{ ...{name} }} }} fragment {name} on Book {{ {_DEEP} }}"


def called(name: str) -> str:
    """A variable and an alias of that name."""
    return f"query (${name}: ID!) {{ {name}: node(id: ${name}) {{ id }} }}"


_DEEP: Final = "author { reviews { author { reviews { " * 12 + "id" + " } } } }" * 12
_JSON: Final = {"content_type": "application/json"}
_SSE: Final = "text/event-stream"
_DEFER: Final = "multipart/mixed;deferSpec=20220824"
_INVALID: Final = "GRAPHQL_VALIDATION_FAILED"
_COMPLEX: Final = "OPERATION_TOO_COMPLEX"
_TOO_DEEP: Final = "OPERATION_TOO_DEEP"
_UNPARSED: Final = "GRAPHQL_PARSE_FAILED"
_DENIED: Final = "UNAUTHORIZED_FIELD_OR_TYPE"
_OK: Final = (200, 400)


def _hashed(hash_: str, **query: str) -> Make:
    extensions = {"persistedQuery": {"version": 1, "sha256Hash": hash_}}
    return raw(lambda: orjson.dumps({**query, "extensions": extensions}), **_JSON)


ROWS: Final = (
    *(Row("S1", f"{n} fragments that double", post(doubling(n)), _OK, _COMPLEX) for n in (18, 32, 60)),
    *(Row("S2", f"{n} fragments that double", post(doubling(n)), _OK, _COMPLEX) for n in (31, 63, 64)),
    Row("S3", "aliases in fragments that double", post(doubling(30, "...F{0} a{0}: name ...F{0}")), _OK, _COMPLEX),
    *(Row("S4", f"a circle of {n} fragments", post(circle(n)), _OK, _INVALID) for n in (1, 2, 30)),
    *(
        Row("S5", name, post(deep(name)), _OK, _TOO_DEEP)
        for name in ("__schema", "__typename")
    ),
    Row("S6", "4,000 times one field", post("{ book(id: 1) {" + " title" * 4_000 + "} }"), (200,), ""),
    Row("S6", "1,500 conflicts", post("{ book(id: 1) {" + " x: id x: title" * 750 + "} }"), _OK, _COMPLEX),
    Row("S8", "a value 20,000 deep", post(f"{{ echo(value: {'[' * 20_000}{']' * 20_000}) }}"), _OK, _UNPARSED),
    Row(
        "S8",
        "variables 50,000 deep",
        raw(lambda: b'{"query":"{failing}","variables":{"x":' + b"[" * 50_000 + b"]" * 50_000 + b"}}", **_JSON),
        (400,),
        "BAD_REQUEST",
    ),
    Row("S9", "5,000 known directives", post("{ failing" + " @skip(if: true)" * 5_000 + " }"), _OK, _UNPARSED),
    Row("S9", "600 known directives", post("{ failing" + " @skip(if: true)" * 600 + " }"), _OK, _COMPLEX),
    Row("S9", "3,000 unknown directives", post("{ failing" + " @nothing" * 3_000 + " }"), _OK, _COMPLEX),
    Row("S9", "400 unknown directives", post("{ failing" + " @nothing" * 400 + " }"), _OK, _INVALID),
    Row(
        "S10",
        "1,000 aliases",
        post("{ book(id: 1) {" + "".join(f" a{n}: id" for n in range(1_000)) + "} }"),
        _OK,
        _COMPLEX,
    ),
    Row("S10", "1,000 operations", raw(lambda: orjson.dumps([{"query": "{ slow }"}] * 1_000), **_JSON), (400,), "*"),
    Row(
        "S10",
        "the schema in circles",
        post(CIRCULAR),
        _OK,
        _TOO_DEEP,
    ),
    Row("S11", "a line of 240,000 characters", post("{ " + "x" * 240_000 + " !"), _OK, _UNPARSED),
    Row(
        "S12",
        "50 MB in gzip",
        raw(lambda: gzip.compress(b" " * 50_000_000, 1), **_JSON, content_encoding="gzip"),
        (413,),
        "PAYLOAD_TOO_LARGE",
    ),
    Row("S12", "1.8 MB in a query string", get("é" * 300_000), (414,), "URI_TOO_LONG"),
    Row("S12", "20 MB", raw(lambda: b" " * 20_000_000, **_JSON), (413,), "PAYLOAD_TOO_LARGE"),
    Row(
        "S12",
        "an exotic charset",
        raw(lambda: b"{}", content_type="application/json; charset=utf-7"),
        (415,),
        "UNSUPPORTED_MEDIA_TYPE",
    ),
    *(
        Row("S13", kind, raw(lambda: b"query={failing}", content_type=kind), (400, 415), "*")
        for kind in ("multipart/form-data; boundary=x", "application/x-www-form-urlencoded", "text/plain")
    ),
    Row("S14", "GET of a text", get("{ failing }", content_type="text/plain"), (415,), "UNSUPPORTED_MEDIA_TYPE"),
    Row("S14", "a mutation by GET", get('mutation { note(value: "1") }'), (405,), "METHOD_NOT_ALLOWED"),
    Row("S15", "a malformed host", get("{ __typename }", host="a b/@x:99999", accept="*/*"), (400,), "BAD_REQUEST"),
    Row("S15", "an odd method", get("{ __typename }", "BREW"), (405,), "METHOD_NOT_ALLOWED"),
    Row("S15", "a huge range", get("{ __typename }", range="bytes=" + "0-0," * 5_000, accept="*/*"), (200,), ""),
    Row("S15", "a path nearby", get("{ __typename }", path="/graphql/", host="elsewhere.example"), (404,), None),
    Row("S16", "gone within @defer", leaving("{ books { id ... @defer { rating } } }", _DEFER, 1), (200,), None),
    Row("S16", "gone within a subscription", leaving("subscription { for_ever }", _SSE, 2), (200,), None, most=100_000),
    Row(
        "S16",
        "labels that repeat",
        post('{ a: books { ... @defer(label: "x") { id } } b: books { ... @defer(label: "x") { id } } }'),
        _OK,
        _INVALID,
    ),
    Row("S20", "too much over SSE", post(doubling(32), headers={"accept": _SSE}), (200, 400), None),
    Row("S22", "a protected type by its interface", post('{ node(id: "n") { label } }'), (200,), _DENIED, GUARDED),
    Row("S23", "a field that requires a protected one", post("{ me { mailed } }"), (200,), _DENIED, GUARDED),
    Row("S24", "a rule under another name", post("{ me { born } }"), (200,), _DENIED, GUARDED),
    Row("S25", "a protected type by a union", post("{ search { ... on Note { text } } }"), (200,), _DENIED, GUARDED),
    Row("S25", "under an alias", post("{ me { constructor: email } }"), (200,), _DENIED, GUARDED),
    Row("S27", "_entities", post("{ _entities(representations: []) { __typename } }"), _OK, _INVALID, GUARDED),
    Row("S27", "_service", post("{ _service { sdl } }"), _OK, _INVALID, GUARDED),
    *(
        Row("S28", name, post(called(name), variables={name: "1"}), (200,), "")
        for name in ("__proto__", "constructor")
    ),
    Row("S31", "an unknown hash", _hashed("0" * 64), _OK, "PERSISTED_QUERY_NOT_FOUND"),
    Row("S31", "another text's hash", _hashed("0" * 64, query="{ failing }"), _OK, "PERSISTED_QUERY_HASH_MISMATCH"),
    Row("S33", "a subgraph's page of an error", post("{ failing }", headers={"x-broken": "status"}), (200,), "*"),
)  # fmt: skip

_INIT: Final = '{"type":"connection_init"}'


def _subscribe(id_: str, query: str) -> str:
    return orjson.dumps({"id": id_, "type": "subscribe", "payload": {"query": query}}).decode()


TALKS: Final = (
    Talk("S17", "the legacy protocol", Script(["graphql-ws"], steps=[_INIT]), closes=4406),
    Talk("S17", "a subscription before anything", Script(steps=[_subscribe("1", "{ slow }"), 5]), closes=4401),
    Talk(
        "S18",
        "1,000 subscriptions",
        Script(steps=[_INIT, 3, *(_subscribe(str(n), "subscription { for_ever }") for n in range(1_000)), 5]),
        says="TOO_MANY_OPERATIONS",
    ),
    Talk("S20", "too much", Script(steps=[_INIT, 3, _subscribe("1", doubling(32)), 20]), says=_COMPLEX),
    Talk(
        "S20",
        "the schema in circles",
        Script(steps=[_INIT, 3, _subscribe("1", CIRCULAR), 20]),
        says=_TOO_DEEP,
    ),
)  # fmt: skip

_SERVE: Final = "tests/router/serve"

ELSEWHERE: Final[Mapping[str, tuple[str, ...]]] = {
    "S7": (
        f"{_SERVE}/limits/test_hostile.py::test_what_takes_too_long_to_plan_is_refused_for_now",
        "tests/router/plan/test_limits.py::",
    ),
    "S12": (f"{_SERVE}/http/test_body.py::test_memory_stays_flat",),
    "S18": (f"{_SERVE}/streams/test_websocket_life.py::test_ten_thousand_subscriptions_on_one_socket_are_capped",),
    "S19": (f"{_SERVE}/streams/test_websocket_life.py::test_who_says_who_they_are_is_not_believed",),
    "S21": (
        f"{_SERVE}/streams/test_websocket_life.py::test_a_connection_ends_with_its_token",
        f"{_SERVE}/streams/test_websocket_life.py::test_and_when_it_is_revoked",
    ),
    "S22": ("tests/router/compose/errors/test_auth_requirements_applied_on_interface.py::",),
    "S23": ("tests/router/compose/errors/test_missing_transitive_auth_requirements.py::",),
    "S24": ("tests/router/supergraph/test_access.py::test_a_renamed_directive_holds",),
    "S25": (f"{_SERVE}/access/test_enforcement.py::test_deferred_fields_are_denied_alike",),
    "S26": (
        "tests/router/supergraph/test_access.py::test_subgraphs_are_all_obeyed",
        "tests/conformance/hostile/test_rows.py::test_whoever_has_one_of_two_subgraphs_scopes_is_denied",
    ),
    "S27": (
        f"{_SERVE}/access/test_internal.py::test_every_request_has_a_token_of_its_own_subgraph_and_not_the_callers",
    ),
    "S28": (f"{_SERVE}/limits/test_hostile.py::test_extra_and_repeated_keys_do_not_get_through",),
    "S29": (
        f"{_SERVE}/access/test_enforcement.py::test_callers_in_quick_succession_never_get_each_others_plan",
        f"{_SERVE}/caching/test_isolation.py::test_all_callers_in_turn_get_their_own",
    ),
    "S30": ("tests/conformance/hostile/test_rows.py::test_an_id_of_another_type_is_not_taken_for_one",),
    "S31": (f"{_SERVE}/persisted/test_operations.py::test_a_document_cannot_take_anothers_name",),
    "S32": (
        f"{_SERVE}/test_discreet.py::test_no_refusal_names_what_was_not_sent",
        "tests/conformance/judges/test_judges.py::test_clairvoyance_recovers_nothing",
    ),
    "S33": (f"{_SERVE}/masking/test_masking.py::test_what_shows_how_a_subgraph_works_is_masked_by_default",),
    "S34": (
        f"{_SERVE}/access/test_tokens.py::test_headers_must_be_in_order",
        f"{_SERVE}/access/test_keys.py::test_redirects_errors_and_floods_are_failures",
    ),
}
"""What a single request cannot show, and the tests that do; a file without a name is about nothing else."""
