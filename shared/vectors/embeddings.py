"""Embeddings: what a text means, as a vector.

The model ships inside the wordllama wheel, so nothing is downloaded and no text leaves the process.
"""

import asyncio
from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import Any

from shared.vectors.port import DIMENSIONS, Vector


class Embedder:
    """Embeds texts in a thread; the model (about 20 MB) is loaded by the first text."""

    def __init__(self) -> None:
        self._loading = asyncio.Lock()
        self._model: Any = None

    async def embed(self, texts: Sequence[str]) -> Sequence[Vector]:
        """Give each text its vector of length 1; a text without a known word gets one of zeros."""
        if self._model is None:
            async with self._loading:
                self._model = self._model or await asyncio.to_thread(_load)
        return await asyncio.to_thread(partial(_embed, self._model, list(texts)))


def _load() -> Any:
    """Load the model from where the wheel has put it, and nowhere else."""
    import wordllama  # pyright: ignore[reportMissingTypeStubs]

    installed = Path(wordllama.__file__).parent
    return wordllama.WordLlama.load(cache_dir=installed, disable_download=True, dim=DIMENSIONS)  # pyright: ignore[reportUnknownMemberType]


def _embed(model: Any, texts: list[str]) -> Sequence[Vector]:
    """Normalise here: the model would divide an empty text by zero."""
    import numpy as np

    vectors = np.asarray(model.embed(texts), dtype=np.float32).reshape(len(texts), DIMENSIONS)
    lengths = np.linalg.norm(vectors, axis=1, keepdims=True)
    normal: list[list[float]] = (vectors / np.where(lengths == 0, 1, lengths)).tolist()
    return normal
