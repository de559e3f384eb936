"""Operations that clients name instead of sending them: those they sent before, and those that a build published."""

from router.serve.persisted.automatic import Automatic, KeyValue, LocalStore, SharedStore
from router.serve.persisted.manifest import ManifestError, read_manifests
from router.serve.persisted.operations import PersistedOperations, unsupported
from router.serve.persisted.policy import PersistedPolicy, Safelist
from router.serve.persisted.trusted import Trusted, TrustedDocuments

__all__ = [
    "Automatic",
    "KeyValue",
    "LocalStore",
    "ManifestError",
    "PersistedOperations",
    "PersistedPolicy",
    "Safelist",
    "SharedStore",
    "Trusted",
    "TrustedDocuments",
    "read_manifests",
    "unsupported",
]
