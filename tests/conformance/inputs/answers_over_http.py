"""What is wrong with an answer over HTTP, judged by the specifications and by nothing that the router says of itself.

Sources: https://www.rfc-editor.org/rfc/rfc9110, https://graphql.github.io/graphql-over-http/draft/,
https://asgi.readthedocs.io/en/stable/specs/www.html
"""

# The brotli package comes without types.
# pyright: reportUnknownMemberType=false, reportUnknownVariableType=false

import gzip
import re
from typing import Any, Final, cast

import brotli
import zstandard

from tests.conformance.inputs.asgi import Taken
from tests.conformance.inputs.requests import Exchange
from tests.conformance.inputs.shapes import LARGEST_REFUSAL, SECRET, Problem, decoded, response_problem
from tests.conformance.inputs.streams import event_stream_problem, multipart_problem

WHOLE: Final = ("application/json", "application/graphql-response+json")
EVENTS: Final = "text/event-stream"
PARTS: Final = "multipart/mixed"

REFUSALS: Final = frozenset({400, 401, 403, 404, 405, 406, 409, 413, 414, 415, 429, 503})

_TOKEN: Final = re.compile(rb"[!#$%&'*+.^_`|~0-9a-z-]+")
_VALUE: Final = re.compile(rb"[\x20-\x7e\x80-\xff]*")


def problem_of(exchange: Exchange, taken: Taken) -> Problem:
    """What is wrong with an answer, if anything is."""
    if taken.error is not None:
        return f"{taken.error!r} came out of the application"
    if not taken.messages:
        return None if taken.left else "there is no answer"
    return _messages_problem(exchange, taken) or _headers_problem(taken) or _body_problem(exchange, taken)


def _body_problem(exchange: Exchange, taken: Taken) -> Problem:
    if SECRET.encode() in taken.body:
        return "the answer has what was to be kept from clients"
    if exchange.path != "/graphql":
        return None if taken.status < 500 else f"the status is {taken.status}"
    try:
        return _answer_problem(exchange, taken)
    except ValueError as error:
        return f"{error}: {taken.body[:500]!r}"


def _messages_problem(exchange: Exchange, taken: Taken) -> Problem:
    first, *rest = taken.messages
    if first["type"] != "http.response.start" or any(each["type"] != "http.response.body" for each in rest):
        return f"the messages are {[each['type'] for each in taken.messages]}"
    ended = [not each.get("more_body", False) for each in rest]
    if any(ended[:-1]):
        return "a message follows the last one"
    return "the answer has no end" if not taken.left and not (ended and ended[-1]) else None


def _headers_problem(taken: Taken) -> Problem:
    names = [name for name, _ in taken.messages[0]["headers"]]
    for name, value in taken.messages[0]["headers"]:
        if not _TOKEN.fullmatch(name) or not _VALUE.fullmatch(value):
            return f"there is a header {name!r}: {value!r}"
    if any(names.count(each) > 1 for each in (b"content-type", b"content-length", b"content-encoding")):
        return f"the headers are {names}"
    length = taken.headers.get("content-length")
    if length is not None and not taken.left and int(length) != len(taken.body):
        return f"the body has {len(taken.body)} bytes, not {length}"
    return None


def _answer_problem(exchange: Exchange, taken: Taken) -> Problem:
    content_type = taken.headers.get("content-type", "")
    kind = content_type.partition(";")[0]
    if taken.status == 200 and exchange.accept and not _takes(exchange.accept, kind) and exchange.method != "OPTIONS":
        return f"the client takes {exchange.accept}, not {kind}"
    match kind:
        case "application/json" | "application/graphql-response+json":
            return _whole_problem(exchange, taken, kind)
        case "text/event-stream":
            return event_stream_problem(taken.body, whole=not taken.left)
        case "multipart/mixed":
            return multipart_problem(content_type, taken.body, whole=not taken.left)
        case "text/html":
            return None if exchange.method == "GET" else "a page is no answer to this"
        case _:
            return None if exchange.method == "OPTIONS" else f"the content type is {content_type}"


def _whole_problem(exchange: Exchange, taken: Taken, kind: str) -> Problem:
    answer = decoded(_plain(taken))
    if taken.status != 200 and taken.status not in REFUSALS:
        return f"the status is {taken.status}: {answer}"
    if taken.status == 405 and "allow" not in taken.headers:
        return "it is not said which methods there are"
    if isinstance(answer, list) and taken.status == 200:
        answers = cast("list[Any]", answer)
        if exchange.batch is not None and len(answers) != exchange.batch:
            return f"there are {len(answers)} answers to {exchange.batch} operations"
        return next((found for each in answers if (found := response_problem(each))), None)
    found = response_problem(answer)
    given = cast("dict[str, Any]", answer)
    return found or _status_problem(given, taken, kind) or _known_problem(exchange, given)


def _status_problem(answer: dict[str, Any], taken: Taken, kind: str) -> Problem:
    if "data" in answer and taken.status != 200:
        return f"there are data with the status {taken.status}"
    if "data" not in answer and taken.status == 200 and kind != WHOLE[0]:
        return "a request that was not executed has the status 200"
    if "data" not in answer and len(taken.body) > LARGEST_REFUSAL:
        return f"the refusal has {len(taken.body)} bytes"
    return None


def _known_problem(exchange: Exchange, answer: dict[str, Any]) -> Problem:
    is_whole = exchange.known and exchange.accept is not None and _takes(exchange.accept, WHOLE[0])
    return f"a valid query is refused: {answer}" if is_whole and "data" not in answer else None


def _plain(taken: Taken) -> bytes:
    match taken.headers.get("content-encoding"):
        case None:
            return taken.body
        case "gzip":
            return gzip.decompress(taken.body)
        case "br":
            return brotli.decompress(taken.body)
        case "zstd":
            return zstandard.ZstdDecompressor().decompress(taken.body, max_output_size=10_000_000)
        case other:
            raise ValueError(f"the coding is {other}")


def _takes(accept: str, kind: str) -> bool:
    """Whether a well-formed `Accept` names a type or its family, and does not refuse it."""
    best = (-1, 0.0)
    family = kind.partition("/")[0]
    for part in accept.split(","):
        name, *parameters = (each.strip() for each in part.split(";"))
        quality = next((float(each[2:]) for each in parameters if each.startswith("q=")), 1.0)
        specificity = {kind: 2, f"{family}/*": 1, "*/*": 0}.get(name, -1)
        if specificity > best[0]:
            best = specificity, quality
    return best[1] > 0
