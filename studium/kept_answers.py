"""What the router keeps of its subgraphs' answers: it drops what is not so any more, as events tell it.

What this router has changed itself is dropped before the one who changed it is answered: they see it with what they ask
next, whichever way the event takes.
"""

from typing import Final

from router.serve.caching.caches import Caches
from router.serve.request import RequestContext
from router.serve.traffic import CallOutcome, SubgraphCall
from shared.events.event import Recorded
from studium.following import Note

CATALOGUE: Final = "catalogue"
"""The tag of all that shows published courses, see `router.yaml`."""

_COURSES: Final = "courses"
_MUTATION: Final = "mutation"
_CHANGING: Final = ("publishCourse", "upsertModule")
"""Mutations of the courses subgraph that change the catalogue."""
_TOPICS: Final = ("courses.course-published.v1", "courses.module-changed.v1")
"""What the subgraph tells after them."""


class KeptAnswers:
    """Sees to it that a router's caches show nobody what has changed."""

    def __init__(self, caches: Caches) -> None:
        self._caches = caches

    @property
    def notes(self) -> dict[str, Note]:
        """Of the courses subgraph's events."""
        return dict.fromkeys(_TOPICS, self._note)

    async def _note(self, event: Recorded) -> None:
        await self._caches.invalidate_tags([CATALOGUE], tenant=str(event.tenant_id))

    async def __call__(self, call: SubgraphCall, outcome: CallOutcome) -> None:
        """After a request to a subgraph: it may have changed something, even if it has failed."""
        if call.subgraph != _COURSES or not call.query.startswith(_MUTATION):
            return
        origin = call.terms.origin
        identity = origin.identity if isinstance(origin, RequestContext) else None
        if identity is not None and any(each in call.query for each in _CHANGING):
            await self._caches.invalidate_tags([CATALOGUE], tenant=identity.tenant)
