"""What an engine knows of somebody who reads a subscription."""

from contextlib import AbstractAsyncContextManager, nullcontext
from typing import Final, Protocol, TypeAlias

from router.execute.json import JSONObject
from router.serve.request import RequestContext

Judging: TypeAlias = AbstractAsyncContextManager[None]
"""A block in which a subscription is ended that another supergraph would not answer."""

UNCHANGING: Final = nullcontext()
"""Such a block, or one that keeps a supergraph, where there is never another."""


class StreamReader(Protocol):
    """Who reads a subscription."""

    @property
    def context(self) -> RequestContext:
        """Who that is."""
        ...

    @property
    def cursor(self) -> str | None:
        """Of the last event that they got, if it had one."""
        ...

    def end(self, errors: list[JSONObject], /) -> None:
        """Tell them that there is nothing more, and why."""
        ...
