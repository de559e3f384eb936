"""KEY_, REQUIRES_ and PROVIDES_UNSUPPORTED_ON_INTERFACE: a directive that means nothing on an interface."""

from collections.abc import Iterator

from router.compose.model import InterfaceType
from router.compose.rules.field_sets.application import Application
from router.federation.errors import CompositionError
from router.federation.versions import Version

_KEYS_SINCE = Version(2, 3)


def check(application: Application) -> Iterator[CompositionError]:
    """Interfaces have keys since Federation 2.3, and nothing else."""
    if not isinstance(application.owner, InterfaceType):
        return
    if application.meaning != "key":
        yield application.error(
            "UNSUPPORTED_ON_INTERFACE",
            "it cannot stand on a field of an interface; put it on the fields that implement it",
        )
    elif application.subgraph.version < _KEYS_SINCE:
        yield application.error(
            "UNSUPPORTED_ON_INTERFACE",
            f"interfaces have keys since Federation {_KEYS_SINCE}; link to that, or remove it",
        )
