"""From what a client named or sent to the text of a document, and whether it may be executed."""

import logging
import re
from collections.abc import Mapping
from dataclasses import replace
from http import HTTPStatus
from typing import Any, Final, NamedTuple, cast

from router.serve.errors import BAD_REQUEST, Refused
from router.serve.persisted.automatic import Automatic, LocalStore, hash_of
from router.serve.persisted.manifest import read_manifests
from router.serve.persisted.policy import PersistedPolicy, Safelist
from router.serve.persisted.trusted import Trusted, TrustedDocuments
from router.serve.request import GraphQLRequest, RequestContext
from router.serve.telemetry.sighting import SIGHTING

logger = logging.getLogger(__name__)

NOT_FOUND: Final = "PERSISTED_QUERY_NOT_FOUND"
NOT_SUPPORTED: Final = "PERSISTED_QUERY_NOT_SUPPORTED"
NOT_LISTED: Final = "PERSISTED_QUERY_NOT_IN_LIST"
MISMATCH: Final = "PERSISTED_QUERY_HASH_MISMATCH"
UNSAFE: Final = "QUERY_NOT_IN_SAFELIST"
ID_REQUIRED: Final = "PERSISTED_QUERY_ID_REQUIRED"

_HASH: Final = re.compile("[0-9a-f]{64}")

LONGEST_ID: Final = 1_000

_FRESH: Final = {"cache-control": "no-store"}
"""The client is about to register the document: the refusal must not be kept by anybody on the way."""


class Found(NamedTuple):
    """A request with its document's text; `hash_` is given if that is to be registered once it is known to be valid."""

    request: GraphQLRequest
    hash_: str | None = None


class PersistedOperations:
    """Finds and registers documents."""

    def __init__(
        self, policy: PersistedPolicy, *, trusted: Trusted | None = None, automatic: Automatic | None = None
    ) -> None:
        """Read the manifests.

        Args:
            policy: what is allowed.
            trusted: takes the place of the manifests.
            automatic: takes the place of memory in this process.

        Raises:
            ManifestError: a manifest is none.
        """
        self._safelist = policy.safelist
        self._trusted = trusted if trusted is not None else TrustedDocuments(read_manifests(policy.manifests))
        self._automatic: Automatic | None = None
        if policy.automatic and not policy.safelist.closed:
            self._automatic = automatic or LocalStore(policy.entries, policy.characters)

    @property
    def automatic(self) -> Automatic | None:
        """Keeps what clients register; None where they register nothing."""
        return self._automatic

    async def find(self, request: GraphQLRequest, context: RequestContext) -> Found:
        """The request with its document.

        Raises:
            Refused: it is unknown, not what its name says, or may not be executed.
        """
        hash_ = _hash_given(request.extensions)
        id_ = request.document_id or hash_
        if id_ is None:
            await self._check(request, context)
            return Found(request)
        known = await self._trusted.text(id_, context) if len(id_) <= LONGEST_ID else None
        if known is not None:
            if request.query and request.query != known:
                raise _refused("The query is another one than its id says.", MISMATCH)
            return Found(replace(request, query=known))
        if hash_ is None:
            raise _refused("There is no document with this id.", NOT_LISTED)
        return await self._registered(request, hash_, context)

    async def keep(self, found: Found, context: RequestContext) -> None:
        """Register a document that was found to be valid."""
        if found.hash_ is not None and self._automatic is not None:
            await self._automatic.put(found.hash_, found.request.query, context)

    async def _registered(self, request: GraphQLRequest, hash_: str, context: RequestContext) -> Found:
        if request.query:
            if not _has_hash(request.query, hash_):
                raise _refused("The query has another hash than is said.", MISMATCH)
            await self._check(request, context)
            return Found(request, hash_)
        if self._automatic is None:
            if self._safelist.closed:
                raise _refused("There is no document with this id.", NOT_LISTED)
            raise _refused("PersistedQueryNotSupported", NOT_SUPPORTED)  # by which clients know it
        text = await self._automatic.get(hash_, context) if _HASH.fullmatch(hash_) else None
        if text is None:
            raise Refused.because("PersistedQueryNotFound", NOT_FOUND, headers=_FRESH)
        return Found(replace(request, query=text))

    async def _check(self, request: GraphQLRequest, context: RequestContext) -> None:
        """Raises: Refused: the safelist does not allow the text."""
        if self._safelist is Safelist.OFF:
            return
        if self._safelist is Safelist.IDS:
            raise _refused("Operations have to be named by their ids.", ID_REQUIRED)
        if await self._trusted.holds(request.query, context):
            return
        if self._safelist is Safelist.DOCUMENTS:
            raise _refused("The document is not among those that may be executed.", UNSAFE)
        _tell(request, context)


def _tell(request: GraphQLRequest, context: RequestContext) -> None:
    """Let the log say who would be refused."""
    identity, seen = context.identity, SIGHTING.get()
    logger.warning(
        "A document of %d characters is not trusted: operation %r of client %r %r (verified: client %r, tenant %r)",
        len(request.query),
        (request.operation_name or "")[:100],
        *(("", "") if seen is None else seen.client),
        None if identity is None else identity.client,
        None if identity is None else identity.tenant,
    )


def unsupported() -> Refused:
    """The refusal of a name where nothing can be named."""
    return _refused("PersistedQueryNotSupported", NOT_SUPPORTED)


def _refused(message: str, code: str) -> Refused:
    return Refused.because(message, code)


def _hash_given(extensions: Mapping[str, Any] | None) -> str | None:
    """The hash in a request's extensions, if there is one.

    Raises:
        Refused: there is something else.
    """
    given = extensions.get("persistedQuery") if extensions else None
    if given is None:
        return None
    parts = cast("dict[str, Any]", given if isinstance(given, dict) else {})
    hash_: Any = parts.get("sha256Hash")
    if parts.get("version") != 1 or not isinstance(hash_, str) or not hash_:
        message = "The extension persistedQuery must be of version 1 and have a sha256Hash."
        raise Refused.because(message, BAD_REQUEST, HTTPStatus.BAD_REQUEST)
    return hash_


def _has_hash(text: str, hash_: str) -> bool:
    try:
        return hash_of(text) == hash_
    except UnicodeEncodeError:
        return False
