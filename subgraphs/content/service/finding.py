"""Finding lessons by what they say, by what they mean, or by both."""

import asyncio
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Final
from uuid import UUID

from shared.caller import Caller
from shared.errors import BadUserInput, Unavailable
from shared.graphql.pagination import MAX_PAGE_SIZE
from subgraphs.content.service.indexing import Indexer
from subgraphs.content.service.releasing import sees_everything

MAX_QUERY: Final = 500
_DEPTH: Final = 100
"""How many hits of each kind are looked at before they are put together."""
_RANK_CONSTANT: Final = 60
_SEMANTIC_FLOOR: Final = 0.2
"""Texts less similar than this have nothing to do with each other."""


class SearchMode(StrEnum):
    TEXT = "TEXT"
    SEMANTIC = "SEMANTIC"
    HYBRID = "HYBRID"


@dataclass(frozen=True, slots=True)
class Finding:
    """Something found; only a hit in the text has a snippet."""

    id: UUID
    score: float
    snippet: str | None = None


async def search(indexer: Indexer, caller: Caller, query: str, mode: SearchMode, *, first: int) -> Sequence[Finding]:
    """Find lessons of the caller's tenant that the caller may see, the best first.

    Raises:
        BadUserInput: the query is too long, or `first` out of bounds.
        Unavailable: a search engine does not answer.
    """
    if not 1 <= first <= MAX_PAGE_SIZE:
        raise BadUserInput(f"first must be between 1 and {MAX_PAGE_SIZE}", field="first")
    if len(query) > MAX_QUERY:
        raise BadUserInput(f"`query` must have at most {MAX_QUERY} characters", field="query")
    if not any(character.isalnum() for character in query):
        return []
    match mode:
        case SearchMode.TEXT:
            return await _by_text(indexer, caller, query, first)
        case SearchMode.SEMANTIC:
            return await _by_meaning(indexer, caller, query, first)
        case SearchMode.HYBRID:
            by_text = asyncio.create_task(_by_text(indexer, caller, query, _DEPTH))
            try:
                by_meaning = await _by_meaning(indexer, caller, query, _DEPTH)
            finally:  # never leave it running by itself
                await asyncio.wait([by_text])
            return _fused([by_text.result(), by_meaning])[:first]


async def _by_text(indexer: Indexer, caller: Caller, query: str, limit: int) -> Sequence[Finding]:
    """Search; a missing index is built first, so that the first search of a tenant finds everything."""
    released_only = not sees_everything(caller)
    try:
        hits = await indexer.search.search(caller, query, limit=limit, released_only=released_only)
    except Unavailable:
        await indexer.ensure_built(caller)
        hits = await indexer.search.search(caller, query, limit=limit, released_only=released_only)
    return [Finding(hit.id, hit.score, hit.snippet) for hit in hits]


async def _by_meaning(indexer: Indexer, caller: Caller, query: str, limit: int) -> Sequence[Finding]:
    (vector,) = await indexer.embedder.embed([query])
    if not any(vector):
        return []
    near = await indexer.vectors.query(caller, vector, limit=limit, released_only=not sees_everything(caller))
    return [Finding(each.id, each.similarity) for each in near if each.similarity >= _SEMANTIC_FLOOR]


def _fused(rankings: Sequence[Sequence[Finding]]) -> Sequence[Finding]:
    """Put rankings together whose scores do not compare: reciprocal rank fusion.

    Source: Cormack, Clarke and Büttcher, SIGIR 2009.
    """
    scores: defaultdict[UUID, float] = defaultdict(float)
    snippets: dict[UUID, str] = {}
    for ranking in rankings:
        for rank, finding in enumerate(ranking, start=1):
            scores[finding.id] += 1 / (_RANK_CONSTANT + rank)
            if finding.snippet:
                snippets[finding.id] = finding.snippet
    best = sorted(scores, key=lambda id_: (-scores[id_], id_))
    return [Finding(id_, scores[id_], snippets.get(id_)) for id_ in best]
