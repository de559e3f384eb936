"""Trimming streams: an entry goes once every group is past it, and it is old enough."""

from datetime import timedelta
from typing import Any, cast

import structlog
from redis.asyncio import Redis
from redis.exceptions import ResponseError

_log = structlog.get_logger()

KEEP = timedelta(hours=24)


async def trim(redis: Redis, stream: str, groups: frozenset[str], *, keep: timedelta = KEEP) -> int:
    """Drop the entries that are older than `keep` and behind every group; returns how many.

    Args:
        redis: the server.
        stream: the stream's name.
        groups: those that have to be there. One that isn't has read nothing yet, so nothing is dropped.
        keep: how long entries stay even though everybody has read them.
    """
    try:
        found: list[dict[str, Any]] = await cast("Any", redis.xinfo_groups(stream))
    except ResponseError:
        return 0  # there is no such stream
    missing = groups - {group["name"].decode() for group in found}
    if missing or not found:
        _log.warning("stream not trimmed: a group is missing", stream=stream, groups=sorted(missing))
        return 0
    places = [await _place(redis, stream, group) for group in found]
    seconds, microseconds = await cast("Any", redis).time()
    old = seconds * 1000 + microseconds // 1000 - keep // timedelta(milliseconds=1)
    first_kept = min(*places, (max(old, 0), 0))
    return await cast("Any", redis.xtrim(stream, minid=f"{first_kept[0]}-{first_kept[1]}", approximate=False))


async def _place(redis: Redis, stream: str, group: dict[str, Any]) -> tuple[int, int]:
    """The first entry the group may still need, as numbers: its oldest unacknowledged, or the last it was given."""
    if group["pending"]:
        pending: dict[str, Any] = await cast("Any", redis.xpending(stream, group["name"]))
        if pending["min"] is not None:
            return _numbers(pending["min"])
    return _numbers(group["last-delivered-id"])


def _numbers(entry_id: bytes) -> tuple[int, int]:
    milliseconds, _, sequence = entry_id.decode().partition("-")
    return int(milliseconds), int(sequence)
