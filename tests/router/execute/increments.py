"""Put together what comes bit by bit, as clients do, and hold it to the rules on the way."""

from collections.abc import Iterable, Mapping
from typing import Any

from router.execute.incremental import IncrementalResponse


async def collect(response: IncrementalResponse) -> tuple[dict[str, Any] | None, list[dict[str, Any]]]:
    """The data and the errors of the whole answer, from the specification's format."""
    updates = [update.as_json() async for update in response.updates]
    return assemble(response.as_json(), updates)


def assemble(
    initial: Mapping[str, Any], updates: Iterable[Mapping[str, Any]]
) -> tuple[dict[str, Any] | None, list[dict[str, Any]]]:
    """The same, from plain values."""
    data, errors = initial["data"], list(initial.get("errors", ()))
    pending = {each["id"]: each for each in initial.get("pending", ())}
    has_next = initial.get("hasNext", False)
    known = set(pending)
    for update in updates:
        assert has_next, "an update after the last one"
        for each in update.get("pending", ()):
            assert each["id"] not in known, "an id announced twice"
            known.add(each["id"])
            pending[each["id"]] = each
        for each in update.get("incremental", ()):
            place = [*pending[each["id"]]["path"], *each.get("subPath", ())]
            _add(_at(data, place), each["data"])
            errors += each.get("errors", ())
        for each in update.get("completed", ()):
            del pending[each["id"]]
            errors += each.get("errors", ())
        has_next = update["hasNext"]
    assert not has_next, "an end before the last update"
    assert not pending, "announced and never completed"
    return data, errors


async def collect_2022(response: IncrementalResponse) -> dict[str, Any]:
    """The data of the whole answer, from the format of 2022."""
    return assemble_2022(response.as_json_2022(), [update.as_json_2022() async for update in response.updates])


def assemble_2022(initial: Mapping[str, Any], updates: Iterable[Mapping[str, Any]]) -> dict[str, Any]:
    """The same, from plain values."""
    for update in updates:
        for payload in update.get("incremental", ()):
            if payload["data"] is not None:
                _add(_at(initial["data"], payload["path"]), payload["data"])
    return initial["data"]


def _at(data: Any, path: Iterable[str | int]) -> Any:
    for key in path:
        data = data[key]
    return data


def _add(target: dict[str, Any], data: Mapping[str, Any]) -> None:
    """Each field comes once: the object that a fragment adds to has none of its fields yet."""
    assert target.keys().isdisjoint(data), "a field delivered twice"
    target.update(data)
