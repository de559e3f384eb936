"""`studium schema`: the contracts as files: each subgraph's SDL, the supergraph, and its configuration.

`supergraph.yaml` names the files of the subgraphs' SDL, `running.yaml` the running subgraphs, which are asked for it.
"""

import sys
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Final

from router.compose import Refused, Subgraph, compose
from studium.embedded.errors import CannotStart
from studium.platform import SUBGRAPHS
from studium.subgraphs_file import Source, print_sources

if TYPE_CHECKING:
    from shared.graphql.schema import FederationSchema

SCHEMA: Final = Path(__file__).parent.parent / "schema"
_URL: Final = "http://{}:8000/graphql"
"""Where a subgraph is in the production network (docker-compose.yml)."""


def export(*, check: bool) -> int:
    """Write the files, or with `check` only compare.

    Returns: 1 if `check` found a difference.
    """
    files = contracts()
    stale = [name for name, text in files.items() if _read(SCHEMA / name) != text]
    if check:
        if stale:
            sys.stderr.write(f"out of date: {', '.join(stale)}; run `make schema`\n")
        return 1 if stale else 0
    for name in stale:
        (SCHEMA / name).parent.mkdir(parents=True, exist_ok=True)
        (SCHEMA / name).write_text(files[name])
    return 0


def contracts() -> dict[str, str]:
    """The content of each file, by its path in `schema/`.

    Raises:
        CannotStart: the subgraphs do not compose.
    """
    subgraphs = [Subgraph(name, _URL.format(name), _schema(name).as_str().rstrip() + "\n") for name in SUBGRAPHS]
    composed = compose(subgraphs)
    if isinstance(composed, Refused):
        raise CannotStart("The subgraphs do not compose.", details=tuple(map(str, composed.errors)))
    sources = {each.name: Source(each.url, Path("subgraphs") / f"{each.name}.graphql") for each in subgraphs}
    return {
        **{f"subgraphs/{each.name}.graphql": each.sdl for each in subgraphs},
        "supergraph.graphql": composed.supergraph_sdl.rstrip() + "\n",
        "supergraph.yaml": "---\n" + print_sources(sources),
        "running.yaml": "---\n" + print_sources({each.name: Source(each.url) for each in subgraphs}),
    }


def _schema(name: str) -> "FederationSchema":
    return import_module(f"subgraphs.{name}.schema").build_schema()


def _read(path: Path) -> str | None:
    try:
        return path.read_text()
    except FileNotFoundError:
        return None
