"""The folder of the embedded indexes: a tantivy index per tenant, owned by one process.

What is in it can always be rebuilt, so nothing here repairs: an index that cannot be opened counts as missing.
"""

import fcntl
import os
import shutil
from collections import OrderedDict
from pathlib import Path
from threading import Lock
from uuid import uuid4

import structlog
from tantivy import Index

from shared.caller import TenantId
from shared.errors import Unavailable
from shared.search import analysis

_OPEN_INDEXES = 64

_log = structlog.get_logger("studium.search")


class IndexFolder:
    """Opens, creates and replaces the indexes of tenants; every method blocks, and is safe to call from any thread."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder / analysis.LAYOUT
        self._schema = analysis.schema()
        self._words = analysis.analyzer()
        self._open: OrderedDict[TenantId, Index] = OrderedDict()
        self._lock = Lock()
        self._owned: int | None = None

    def own(self) -> None:
        """Take the folder; the operating system gives it back when the process ends, however it ends.

        Raises:
            Unavailable: another process has it.
        """
        with self._lock:
            if self._owned is not None:
                return
            self._folder.mkdir(parents=True, exist_ok=True)
            lock = os.open(self._folder / "owner.lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except OSError as error:
                os.close(lock)
                raise Unavailable("Another process owns the search index") from error
            self._owned = lock

    def get(self, tenant_id: TenantId) -> Index | None:
        """The tenant's index, None if it is missing or broken; the least recently used ones are closed."""
        self.own()
        with self._lock:
            index = self._open.pop(tenant_id, None) or self._read(tenant_id)
            if index is not None:
                self._open[tenant_id] = index
                if len(self._open) > _OPEN_INDEXES:
                    self._open.popitem(last=False)
            return index

    def create(self, tenant_id: TenantId) -> tuple[Path, Index]:
        """Start a new index beside the tenant's present one."""
        self.own()
        path = self._folder / f"{tenant_id.hex}.{uuid4().hex}"
        path.mkdir()
        index = Index(self._schema, path=str(path))
        index.register_tokenizer(analysis.ANALYZER, self._words)
        return path, index

    def replace(self, tenant_id: TenantId, path: Path) -> None:
        """Put the index at `path` in the place of the tenant's present one."""
        with self._lock:
            self._open.pop(tenant_id, None)
            self._discard(tenant_id)
            path.rename(self._folder / tenant_id.hex)

    def discard(self, tenant_id: TenantId) -> None:
        """Throw a broken index away."""
        with self._lock:
            self._open.pop(tenant_id, None)
            self._discard(tenant_id)

    def close(self) -> None:
        """Close the indexes and give the folder back."""
        with self._lock:
            self._open.clear()
            if self._owned is not None:
                os.close(self._owned)
                self._owned = None

    def _discard(self, tenant_id: TenantId) -> None:
        """Rename first: a half-deleted index must not be taken for a whole one."""
        path = self._folder / tenant_id.hex
        if path.exists():
            shutil.rmtree(path.rename(path.with_suffix(f".{uuid4().hex}")), ignore_errors=True)

    def _read(self, tenant_id: TenantId) -> Index | None:
        path = self._folder / tenant_id.hex
        if not path.exists():
            return None
        try:
            index = Index.open(str(path))
            index.register_tokenizer(analysis.ANALYZER, self._words)
            index.searcher()
        except (ValueError, OSError) as error:
            _log.warning("search.index_broken", tenant=str(tenant_id), error=str(error))
            return None
        return index
