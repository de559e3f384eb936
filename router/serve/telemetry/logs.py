"""A log of JSON lines, each about the request that it belongs to, without secrets and of bounded length."""

import json
import logging
import sys
from collections.abc import Callable, Mapping
from contextlib import suppress
from datetime import UTC, datetime
from queue import Full, Queue
from threading import Thread
from traceback import format_exception
from typing import Any, Final, TextIO

import orjson
from opentelemetry import trace

from router.serve.telemetry.client_values import SHORTEST, client_values, cut
from router.serve.telemetry.config import Logs
from router.serve.telemetry.redaction import REDACTED, redacted
from router.serve.telemetry.sighting import SIGHTING, Sighting

FIELDS: Final = "fields"
"""Attribute of a record with fields of its own; their values are no texts of clients."""

WAITING: Final = 10_000
"""Lines that wait to be written; beyond, lines are lost rather than requests kept waiting."""


class JsonFormatter(logging.Formatter):
    """One line for a record."""

    def __init__(self, characters: int) -> None:
        super().__init__()
        self._longest = characters

    def format(self, record: logging.LogRecord) -> str:
        """The record as JSON, with what is known of the request that is served at the moment."""
        seen = SIGHTING.get()
        secrets = [] if seen is None or hasattr(record, FIELDS) else client_values(seen)
        entry: dict[str, Any] = {
            "time": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname.lower(),
            "logger": record.name,
            "message": self._clean(record.getMessage(), secrets, self._longest // 4),
            **_request(seen),
            **getattr(record, FIELDS, {}),
        }
        if record.exc_info and record.exc_info[1] is not None:
            text = "".join(format_exception(record.exc_info[1]))
            entry["exception"] = self._clean(text, secrets, self._longest // 2)
        return self._line(entry)

    def _clean(self, text: str, secrets: list[str], longest: int) -> str:
        """A text without what its client has sent, and what looks like a secret."""
        text = cut(text, 4 * self._longest, secrets)
        for each in secrets:
            text = text.replace(each, REDACTED)
        text = redacted(text)
        return text if len(text) <= longest else f"{text[: longest // 2]}…{text[-(longest // 2) :]}"

    def _line(self, entry: dict[str, Any]) -> str:
        line = _json(entry)
        while len(line) > self._longest:
            longest = max((name for name in entry if isinstance(entry[name], str)), key=lambda name: len(entry[name]))
            if len(entry[longest]) < SHORTEST:
                break
            entry[longest] = f"{entry[longest][: len(entry[longest]) // 2]}…"
            line = _json(entry)
        return line


class LineWriter(logging.Handler):
    """Writes lines in a thread: whoever logs never waits for whoever reads.

    Attributes:
        lost: lines for which there was no room.
    """

    def __init__(self, stream: TextIO) -> None:
        super().__init__()
        self.lost = 0
        self._stream = stream
        self._lines: Queue[str | None] = Queue(WAITING)
        self._thread = Thread(target=self._write, name="log", daemon=True)
        self._thread.start()

    def emit(self, record: logging.LogRecord) -> None:
        """Take a record."""
        try:
            self._lines.put_nowait(self.format(record))
        except Full:
            self.lost += 1
        except Exception:  # noqa: BLE001  # as every handler: a record that cannot be written harms nobody
            self.handleError(record)

    def flush(self) -> None:
        """Wait until everything is written."""
        if self._thread.is_alive():
            self._lines.join()

    def close(self) -> None:
        """Write what waits, and end."""
        if self._thread.is_alive():
            self._lines.put(None)
            self._thread.join()
        super().close()

    def _write(self) -> None:
        while (line := self._lines.get()) is not None:
            with suppress(OSError, ValueError):  # nobody reads any more
                self._stream.write(line + "\n")
                if self._lines.empty():
                    self._stream.flush()
            self._lines.task_done()


def set_up_logs(logs: Logs, stream: TextIO = sys.stderr) -> Callable[[], None]:
    """Send all records of the process there, and nothing else; returns what ends it."""
    handler = LineWriter(stream)
    handler.setFormatter(JsonFormatter(logs.characters))
    root = logging.getLogger()
    before = root.handlers[:], root.level
    root.handlers[:] = [handler]
    root.setLevel(logs.level.upper())

    def end() -> None:
        root.handlers[:], level = before
        root.setLevel(level)
        handler.close()

    return end


def _json(entry: Mapping[str, Any]) -> str:
    try:
        return orjson.dumps(entry, default=str).decode()
    except orjson.JSONEncodeError:  # halves of characters, which only escapes can stand for
        return json.dumps(entry, default=str)


def _request(seen: Sighting | None) -> Mapping[str, Any]:
    """What tells the request of a record from others."""
    found: dict[str, Any] = {}
    span = trace.get_current_span().get_span_context()
    if span.is_valid:
        found |= {"trace_id": trace.format_trace_id(span.trace_id), "span_id": trace.format_span_id(span.span_id)}
    if seen is None:
        return found
    if not found and seen.trace_ids is not None:
        found["trace_id"], found["span_id"] = seen.trace_ids
    found["request_id"] = seen.request_id
    identity = None if seen.context is None else seen.context.identity
    if identity is not None and identity.tenant is not None:
        found["tenant"] = identity.tenant
    signature = None if seen.operation is None else seen.operation.signature
    if signature is not None:
        found |= {"operation": signature.name, "signature": signature.hash}
    return found
