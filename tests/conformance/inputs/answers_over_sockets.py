"""What is wrong with an application's part of a talk, judged by the protocol alone.

Source: https://github.com/enisdenjo/graphql-ws/blob/master/PROTOCOL.md
"""

from typing import Any, Final

from tests.conformance.inputs.shapes import SECRET, Incremental, Problem, decoded, errors_problem, response_problem
from tests.conformance.inputs.talk import Talk

CLOSES: Final = frozenset({1001, 1009, 1013, 4400, 4401, 4403, 4406, 4408, 4409, 4429})
"""Codes that are nobody's bug."""

LONGEST_REASON: Final = 123
"""Bytes."""


def talk_problem(talk: Talk) -> Problem:
    """What is wrong, if anything is."""
    if talk.error is not None:
        return f"{talk.error!r} came out of the application"
    try:
        return _Listener().problem(talk)
    except (ValueError, KeyError, TypeError) as error:
        return f"{error!r} in {talk.said[-1]}"


class _Listener:
    """Follows both sides."""

    def __init__(self) -> None:
        self._accepted = False
        self._closed = False
        self._gone = False
        self._initialised = 0
        self._acknowledged = 0
        self._pings = 0
        self._begun: dict[str, int] = {}
        self._parts: dict[str, Incremental] = {}

    def problem(self, talk: Talk) -> Problem:
        for message in talk.said:
            match message["type"]:
                case "websocket.receive":
                    self._hear(message)
                case "websocket.disconnect":
                    self._gone = True
                case "websocket.connect":
                    pass
                case _:
                    if found := self._said(message):
                        return found
        return None if self._closed or self._gone else "the connection has no end"

    def _hear(self, message: Any) -> None:
        """What the client has said, as far as it is part of the protocol."""
        try:
            said: Any = decoded((message.get("text") or "").encode())
        except (ValueError, RecursionError):
            return
        if not isinstance(said, dict):
            return
        given: dict[str, Any] = {**said}
        match given.get("type"):
            case "connection_init":
                self._initialised += 1
            case "ping":
                self._pings += 1
            case "subscribe" if isinstance(given.get("id"), str):
                self._begun[given["id"]] = self._begun.get(given["id"], 0) + 1
            case _:
                pass

    def _said(self, message: Any) -> Problem:
        if self._closed:
            return "something is said after the close"
        match message["type"]:
            case "websocket.accept":
                found = "the connection is accepted twice" if self._accepted else None
                self._accepted = True
                return found
            case "websocket.close":
                self._closed = True
                return _close_problem(message)
            case "websocket.send":
                if SECRET in message["text"]:
                    return "a message has what was to be kept from clients"
                return self._message_problem(decoded(message["text"].encode()))
            case other:
                return f"there is a {other}"

    def _message_problem(self, said: dict[str, Any]) -> Problem:
        match said["type"]:
            case "connection_ack":
                self._acknowledged += 1
                return "too many acknowledgements" if self._acknowledged > min(1, self._initialised) else None
            case "pong":
                self._pings -= 1
                return "there is a pong too many" if self._pings < 0 else None
            case "ping":
                return None
            case "next" | "error" | "complete":
                return self._operation_problem(said)
            case other:
                return f"there is a message {other}"

    def _operation_problem(self, said: dict[str, Any]) -> Problem:
        id_ = said["id"]
        if not self._acknowledged:
            return "an operation is answered before the acknowledgement"
        if not self._begun.get(id_):
            return f"there is {said['type']} of {id_}, which does not run"
        match said["type"]:
            case "next" if "hasNext" in said["payload"]:
                return self._parts.setdefault(id_, Incremental()).problem(said["payload"])
            case "next":
                return response_problem(said["payload"])
            case ended:
                self._begun[id_] -= 1
                self._parts.pop(id_, None)
                return errors_problem(said["payload"]) if ended == "error" else None


def _close_problem(message: Any) -> Problem:
    if message["code"] not in CLOSES:
        return f"the connection is closed with {message['code']}: {message.get('reason')}"
    if len((message.get("reason") or "").encode()) > LONGEST_REASON:
        return "the reason is too long"
    return None
