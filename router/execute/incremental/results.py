"""What a client gets that asked for incremental delivery, not yet written.

Two formats are in use. The specification's tells what is pending and what is completed; the older one, of 2022, has
payloads alone, each with its path and label.
"""

from collections.abc import AsyncGenerator
from dataclasses import dataclass, field

from router.execute.json import JSONObject, PathKey
from router.execute.response import Response


@dataclass(frozen=True, slots=True)
class Pending:
    """A deferred fragment of one object, announced."""

    id: str
    path: tuple[PathKey, ...]
    label: str | None

    def as_json(self) -> JSONObject:
        label = {} if self.label is None else {"label": self.label}
        return {"id": self.id, "path": list(self.path), **label}


@dataclass(frozen=True, slots=True)
class Delivered:
    """More fields of an object.

    Attributes:
        pending: the fragment that they belong to.
        path: of the object; it begins with that of the fragment's.
        errors: their paths are those of the whole answer.
    """

    pending: Pending
    path: tuple[PathKey, ...]
    data: JSONObject
    errors: list[JSONObject]

    def as_json(self) -> JSONObject:
        below = self.path[len(self.pending.path) :]
        sub_path = {"subPath": list(below)} if below else {}
        return {"id": self.pending.id, **sub_path, "data": self.data, **_errors(self.errors)}

    def as_payload(self) -> JSONObject:
        return _payload(self.pending, self.path, self.data, self.errors)


@dataclass(frozen=True, slots=True)
class Completed:
    """The end of a fragment; `errors` say why it could not be delivered, if it could not."""

    pending: Pending
    errors: list[JSONObject] = field(default_factory=list[JSONObject])

    def as_json(self) -> JSONObject:
        return {"id": self.pending.id, **_errors(self.errors)}

    def as_payload(self) -> JSONObject:
        return _payload(self.pending, self.pending.path, None, self.errors)


@dataclass(frozen=True, slots=True)
class Update:
    """What has come since the answer, or the update, before."""

    pending: list[Pending]
    delivered: list[Delivered]
    completed: list[Completed]
    has_next: bool

    def as_json(self) -> JSONObject:
        """In the specification's format."""
        lists = {"pending": self.pending, "incremental": self.delivered, "completed": self.completed}
        found: JSONObject = {name: [each.as_json() for each in items] for name, items in lists.items() if items}
        return {**found, "hasNext": self.has_next}

    def as_json_2022(self) -> JSONObject:
        """In the format of `deferSpec=20220824`."""
        failed = [each for each in self.completed if each.errors]
        payloads = [each.as_payload() for each in (*self.delivered, *failed)]
        return {**({"incremental": payloads} if payloads else {}), "hasNext": self.has_next}


@dataclass(frozen=True, slots=True)
class IncrementalResponse:
    """A first answer, and what comes later.

    Attributes:
        pending: what is to come; without any, `initial` is the whole answer and there are no updates.
        updates: the rest is fetched while it is read. Closing it ends what is under way.
    """

    initial: Response
    pending: list[Pending]
    updates: AsyncGenerator[Update]

    @classmethod
    def whole(cls, response: Response) -> "IncrementalResponse":
        """A response after which nothing comes."""
        return cls(response, [], _nothing())

    @property
    def has_next(self) -> bool:
        return bool(self.pending)

    def as_json(self) -> JSONObject:
        """The first answer in the specification's format."""
        if not self.pending:
            return self.initial.as_json()
        return {**self.initial.as_json(), "pending": [each.as_json() for each in self.pending], "hasNext": True}

    def as_json_2022(self) -> JSONObject:
        """The first answer in the format of `deferSpec=20220824`."""
        return {**self.initial.as_json(), "hasNext": True} if self.pending else self.initial.as_json()


async def _nothing() -> AsyncGenerator[Update]:
    for each in tuple[Update, ...]():
        yield each


def _payload(
    pending: Pending, path: tuple[PathKey, ...], data: JSONObject | None, errors: list[JSONObject]
) -> JSONObject:
    label = {} if pending.label is None else {"label": pending.label}
    return {"data": data, "path": list(path), **label, **_errors(errors)}


def _errors(errors: list[JSONObject]) -> JSONObject:
    return {"errors": errors} if errors else {}
