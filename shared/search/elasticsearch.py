"""Search on an Elasticsearch cluster: an index per tenant.

An alias marks an index as built, so that one whose building was cut short counts as missing. Documents carry their
version into the index, so building and indexing may run at the same time and in any process.
"""

from collections.abc import AsyncGenerator, Iterator, Sequence
from contextlib import asynccontextmanager
from typing import Any
from uuid import UUID

from elastic_transport import TransportError
from elastic_transport.client_utils import DEFAULT
from elasticsearch import ApiError, AsyncElasticsearch, BadRequestError, NotFoundError
from elasticsearch.helpers import async_bulk
from pydantic import SecretStr

from shared.caller import Caller
from shared.errors import Unavailable
from shared.search.port import MISSPELT_BOOST, TITLE_BOOST, Batches, SearchDocument, SearchHit
from shared.search.snippets import SNIPPET_CHARS, opening
from shared.tls import without_authorities

_TIMEOUT_S = 10.0
_STALE = 409
_MISSING = 404
_SETTINGS = {
    "analysis": {
        "analyzer": {"folded": {"type": "custom", "tokenizer": "standard", "filter": ["lowercase", "asciifolding"]}}
    }
}
_TEXT = {"type": "text", "analyzer": "folded"}
_MAPPINGS = {"dynamic": "strict", "properties": {"released": {"type": "boolean"}, "title": _TEXT, "body": _TEXT}}
_LAYOUT = "v2"
"""Changes with the mappings, so that indexes of another layout count as missing."""


class ElasticsearchSearch:
    """The search port on Elasticsearch.

    Args:
        url: of the cluster; see `shared.tls` for whom it trusts.
        api_key: if the cluster wants one.
        name: prefix of the indexes' names.
    """

    def __init__(self, url: SecretStr, *, name: str, api_key: SecretStr | None = None) -> None:
        key = None if api_key is None else api_key.get_secret_value()
        server, authorities = without_authorities(url.get_secret_value())
        trusted = DEFAULT if authorities is None else authorities
        self._client = AsyncElasticsearch(server, api_key=key, request_timeout=_TIMEOUT_S, ca_certs=trusted)
        self._name = name

    async def is_built(self, caller: Caller) -> bool:
        """Tell whether the tenant's alias is there."""
        async with _answering():
            return bool(await self._client.indices.exists_alias(name=self._alias(caller)))

    async def rebuild(self, caller: Caller, batches: Batches) -> None:
        """Write all documents, then the alias; what the index holds already is kept where it is newer."""
        async with _answering():
            await self._create(self._index(caller))
            async for batch in batches:
                await self._bulk(_writes(self._index(caller), batch))
            await self._client.indices.put_alias(index=self._index(caller), name=self._alias(caller))

    async def index(self, caller: Caller, documents: Sequence[SearchDocument]) -> None:
        """Write the documents and wait until they are found."""
        async with _answering():
            await self._create(self._index(caller))
            await self._bulk(_writes(self._index(caller), documents))

    async def delete(self, caller: Caller, ids: Sequence[UUID]) -> None:
        """Delete the documents and wait until they are no longer found."""
        async with _answering():
            index = self._index(caller)
            await self._bulk({"_op_type": "delete", "_index": index, "_id": str(id_)} for id_ in ids)

    async def search(self, caller: Caller, text: str, *, limit: int, released_only: bool) -> Sequence[SearchHit]:
        """Search the tenant's alias."""
        async with _answering():
            found = await self._client.search(
                index=self._alias(caller),
                query=_query(text, released_only=released_only),
                highlight=_HIGHLIGHT,
                source_includes=["body"],
                size=limit,
            )
        return [_hit(each) for each in found["hits"]["hits"]]

    async def ping(self) -> None:
        """Ask the cluster for its name."""
        async with _answering():
            await self._client.info()

    async def aclose(self) -> None:
        """Close the connections."""
        await self._client.close()

    def _index(self, caller: Caller) -> str:
        return f"{self._name}-{_LAYOUT}-{caller.tenant_id.hex}"

    def _alias(self, caller: Caller) -> str:
        return f"{self._index(caller)}-built"

    async def _create(self, index: str) -> None:
        if await self._client.indices.exists(index=index):
            return
        try:
            await self._client.indices.create(index=index, settings=_SETTINGS, mappings=_MAPPINGS)
        except BadRequestError as error:  # another process was faster
            if error.error != "resource_already_exists_exception":
                raise

    async def _bulk(self, actions: Iterator[dict[str, Any]]) -> None:
        """Apply the actions; refused are only those that come too late, or delete what is not there."""
        _, errors = await async_bulk(
            self._client, actions, refresh="wait_for", raise_on_error=False, raise_on_exception=True
        )
        refusals: list[dict[str, dict[str, Any]]] = errors if isinstance(errors, list) else []
        for refusal in refusals:
            for outcome in refusal.values():
                if outcome["status"] not in {_STALE, _MISSING}:
                    raise Unavailable("The search engine refused a document") from ValueError(outcome)


_HIGHLIGHT = {
    "encoder": "html",
    "pre_tags": ["<mark>"],
    "post_tags": ["</mark>"],
    "fields": {"body": {"fragment_size": SNIPPET_CHARS, "number_of_fragments": 1}},
}


def _writes(index: str, documents: Sequence[SearchDocument]) -> Iterator[dict[str, Any]]:
    for document in documents:
        yield {
            "_op_type": "index",
            "_index": index,
            "_id": str(document.id),
            "version": document.version,
            "version_type": "external_gte",
            "_source": {"released": document.released, "title": document.title, "body": document.body},
        }


def _query(text: str, *, released_only: bool) -> dict[str, Any]:
    """Any of the words, exactly or, with a low score, misspelt."""
    words = {"query": text, "fields": [f"title^{TITLE_BOOST}", "body"]}
    misspelt = {**words, "fuzziness": "AUTO", "boost": MISSPELT_BOOST}
    found = {"should": [{"multi_match": words}, {"multi_match": misspelt}], "minimum_should_match": 1}
    return {"bool": {**found, "filter": [{"term": {"released": True}}] if released_only else []}}


def _hit(found: Any) -> SearchHit:
    (snippet,) = found.get("highlight", {}).get("body") or [opening(found["_source"]["body"])]
    return SearchHit(id=UUID(found["_id"]), score=found["_score"], snippet=snippet)


@asynccontextmanager
async def _answering() -> AsyncGenerator[None]:
    """Say in the platform's words that the cluster cannot help."""
    try:
        yield
    except NotFoundError as error:
        raise Unavailable("The search index is not built") from error
    except (TransportError, ApiError) as error:
        raise Unavailable("The search engine does not answer") from error
