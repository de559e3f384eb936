"""The embeddings of texts."""

import asyncio
from collections.abc import Sequence

import pytest

from shared.vectors.embeddings import Embedder
from shared.vectors.port import DIMENSIONS


def similarity(left: Sequence[float], right: Sequence[float]) -> float:
    """The cosine of two vectors of length 1."""
    return sum(a * b for a, b in zip(left, right, strict=True))


@pytest.fixture(scope="module")
def embedder() -> Embedder:
    """The model, loaded once."""
    return Embedder()


class TestEmbedder:
    async def test_related_texts_are_nearer_than_unrelated_ones(self, embedder: Embedder) -> None:
        algebra, vectors, soup = await embedder.embed(["Linear algebra", "Matrices and vectors", "Cooking soup"])
        assert similarity(algebra, vectors) > similarity(algebra, soup) + 0.1

    async def test_an_embedding_has_length_one(self, embedder: Embedder) -> None:
        (vector,) = await embedder.embed(["Linear algebra"])
        assert len(vector) == DIMENSIONS
        assert similarity(vector, vector) == pytest.approx(1)

    async def test_an_empty_text_has_no_direction(self, embedder: Embedder) -> None:
        assert await embedder.embed(["", "soup"]) == [[0.0] * DIMENSIONS, (await embedder.embed(["soup"]))[0]]

    async def test_no_texts_give_no_vectors(self, embedder: Embedder) -> None:
        assert list(await embedder.embed([])) == []

    async def test_the_loop_goes_on_while_the_model_works(self) -> None:
        ticks = 0

        async def tick() -> None:
            nonlocal ticks
            while True:
                ticks += 1
                await asyncio.sleep(0.005)

        ticking = asyncio.create_task(tick())
        await Embedder().embed(["Linear algebra"])
        ticking.cancel()
        assert ticks > 3
