"""How long benches measure: as long as figures need, or with `make bench ARGS=--quick` until one sees that they run."""

import os
from typing import Final, TypeVar

FLAG: Final = "STUDIUM_BENCH_QUICK"
IS_QUICK: Final = FLAG in os.environ

ValueT = TypeVar("ValueT")


def paced(full: ValueT, quick: ValueT) -> ValueT:
    """`full`, or `quick` where figures do not matter."""
    return quick if IS_QUICK else full
