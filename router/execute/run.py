"""The state of one execution."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from router.execute.budget import Budget, TooManyObjects
from router.execute.generated.records import RecordRun
from router.execute.json import JSONObject
from router.execute.terms import NO_TERMS, Terms


@dataclass(slots=True)
class Run:
    """What one execution has gathered so far.

    Attributes:
        budget: of the objects it may lead to.
        stopped: why nothing more is fetched and the answer has no data.
        needs: per fetch, how many of the fetches it needs are still to come.
        data: the merged data.
        introspected: the answer to what is asked of the schema, with its errors.
        errors: their paths are those of the merged data.
        extensions: those of the subgraphs' responses, merged.
        records: the merged data as records, as long as everything is in order; `data` is empty then.
        rewrite: makes the client's data from the text of the only response, if the client takes text.
        raw: what it made; there is nothing else then.
        write: makes the client's data from the merged data, if the client takes text; it does not count.
        size: at least as much as the objects in the merged data and the items of its lists. None is not to say: one
            object may be in many places.
        deadline: the event loop's time after which no subgraph is waited for.
    """

    variables: Mapping[str, Any]
    headers: Mapping[str, str]
    needs: list[int]
    budget: Budget = field(default_factory=Budget)
    stopped: TooManyObjects | None = None
    data: JSONObject = field(default_factory=dict)
    introspected: tuple[JSONObject, list[JSONObject]] | None = None
    errors: list[JSONObject] = field(default_factory=list[JSONObject])
    extensions: JSONObject = field(default_factory=dict)
    records: RecordRun | None = None
    rewrite: Callable[[bytes], bytes | None] | None = None
    raw: bytes | None = None
    write: Callable[[JSONObject], bytes | None] | None = None
    size: int | None = 0
    terms: Terms = NO_TERMS
    deadline: float | None = None

    def leave_records(self) -> None:
        """Go on with data that may have anything in it."""
        if self.records is not None:
            self.data = self.records.leave()
            self.records = None
            self.size = None  # parts of it may be in many places

    def grow(self, size: int | None) -> None:
        """Take note of data that has come, of this size."""
        self.size = None if size is None or self.size is None else self.size + size
