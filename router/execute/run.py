"""The state of one execution."""

from collections.abc import Callable, Mapping, Sequence
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
        earlier: those of the answer that this one comes later than.
        extensions: those of the subgraphs' responses, merged.
        records: the merged data as records, as long as everything is in order; `data` is empty then.
        rewrite: makes the client's data from the text of the only response, if the client takes text.
        raw: what it made; there is nothing else then.
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
    earlier: Sequence[JSONObject] = ()
    extensions: JSONObject = field(default_factory=dict)
    records: RecordRun | None = None
    rewrite: Callable[[bytes], bytes | None] | None = None
    raw: bytes | None = None
    terms: Terms = NO_TERMS
    deadline: float | None = None

    def leave_records(self) -> None:
        """Go on with data that may have anything in it."""
        if self.records is not None:
            self.data = self.records.leave()
            self.records = None
