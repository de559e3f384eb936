"""Which operations clients may name, and which they may send."""

from dataclasses import dataclass
from enum import Enum
from pathlib import Path


class Safelist(Enum):
    """What becomes of a document that is not among the trusted ones."""

    OFF = "off"
    """It is executed."""
    LOG = "log"
    """It is executed, and the log says so: for finding out who would be refused."""
    DOCUMENTS = "documents"
    """It is refused. Trusted documents may be sent as text or by their ids."""
    IDS = "ids"
    """It is refused, and so is every text: documents have to be named by their ids."""

    @property
    def closed(self) -> bool:
        """Whether only trusted documents are executed."""
        return self in {Safelist.DOCUMENTS, Safelist.IDS}


@dataclass(frozen=True, slots=True)
class PersistedPolicy:
    """How operations are persisted.

    Attributes:
        automatic: whether clients may register what they send under its hash (automatic persisted queries). A closed
            safelist turns it off.
        entries: that are kept so in this process.
        characters: of all of them together.
        manifests: files of trusted documents: Apollo's manifests, or maps of ids to texts as Relay's compiler writes.
        safelist: what becomes of other documents.
    """

    automatic: bool = True
    entries: int = 10_000
    characters: int = 10_000_000
    manifests: tuple[Path, ...] = ()
    safelist: Safelist = Safelist.OFF
