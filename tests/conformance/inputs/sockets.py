"""What clients send over a WebSocket: the graphql-transport-ws protocol, and whatever else fits into messages.

Source: https://github.com/enisdenjo/graphql-ws/blob/master/PROTOCOL.md
"""

import random
from dataclasses import dataclass, field
from typing import Any, Final, TypeAlias

import orjson

from tests.conformance.inputs.documents import draw_document
from tests.conformance.inputs.requests import parameters
from tests.conformance.inputs.tokens import scrambled
from tests.conformance.inputs.values import changed, deep_text, storable, strange, with_numbers

Step: TypeAlias = str | bytes | int
"""A message as text or as bytes, or how many turns of the event loop to wait."""

_IDS: Final = ("1", "2", "3", "4", "", "\u20ac", "x" * 300, "__proto__")


@dataclass(slots=True)
class Script:
    """All that a client does on one connection, up to the moment when it leaves.

    Attributes:
        subprotocols: that it offers.
    """

    subprotocols: list[str] = field(default_factory=lambda: ["graphql-transport-ws"])
    headers: list[tuple[bytes, bytes]] = field(default_factory=list[tuple[bytes, bytes]])
    steps: list[Step] = field(default_factory=list[Step])

    @property
    def messages(self) -> int:
        """How many there are."""
        return sum(not isinstance(each, int) for each in self.steps)


def draw_script(chance: random.Random) -> Script:
    """Any connection."""
    script = Script()
    if chance.random() < 0.03:
        script.subprotocols = chance.choice(
            ([], ["graphql-ws"], ["x", "graphql-transport-ws"], ["GRAPHQL-TRANSPORT-WS"])
        )
    if chance.random() < 0.05:
        name, value = chance.choice(
            (
                *(
                    (b"host", b"a b"),
                    (b"origin", b"https://evil.example"),
                    (b"authorization", b"x"),
                    (b"cookie", b"a=b"),
                ),
                *((b"x-broken", b"cut"), (b"last-event-id", b"\xff")),
            )
        )
        script.headers.append((name, value))
    if chance.random() < 0.93:
        script.steps.append(_text({"type": "connection_init"}))
    for _ in range(chance.choice((1, 3, 8, 20, 40))):
        script.steps.append(_step(chance))
    script.steps.append(chance.choice((0, 1, 10, 50)))
    return script


def _step(chance: random.Random) -> Step:
    roll = chance.random()
    if roll < 0.25:
        return chance.choice((0, 1, 2, 5))
    message = _message(chance)
    if roll < 0.93:
        return _text(message)
    if roll < 0.955:
        return _text(changed(message, chance))
    if roll < 0.97:
        return with_numbers(orjson.dumps(storable(message)), chance).decode()
    if roll < 0.99:
        return scrambled(orjson.dumps(storable(message)), chance).decode("utf-8", "replace")
    return chance.choice((b"", b"\x00", deep_text(chance).decode(), "", "null", "[]", "{}", '"x"', " " * 100_000))


def _message(chance: random.Random) -> Any:
    id_ = chance.choice(_IDS[:4]) if chance.random() < 0.97 else chance.choice(_IDS)
    roll = chance.random()
    if roll < 0.5:
        return {"id": id_, "type": "subscribe", "payload": parameters(draw_document(chance), chance)}
    if roll < 0.8:
        return {"id": id_, "type": "complete"}
    if roll < 0.97:
        kind = chance.choice(("ping", "ping", "ping", "pong"))
        return {"type": kind} if chance.random() < 0.5 else {"type": kind, "payload": strange(chance)}
    if roll < 0.985:
        parameters_ = chance.choice((None, {}, {"authorization": "x"}, {"a": 1, "A": 2}, {"jwt": {"roles": ["admin"]}}))
        return {"type": "connection_init", "payload": parameters_}
    kind = chance.choice(
        ("connection_ack", "next", "error", "start", "stop", "", "\x00", "connection_terminate", "data")
    )
    return {"id": id_, "type": kind, "payload": {}}


def _text(message: Any) -> str:
    return orjson.dumps(storable(message)).decode()
