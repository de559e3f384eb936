"""Supergraph configurations, written and read."""

from pathlib import Path

import pytest
import yaml

from studium.embedded import CannotStart
from studium.subgraphs_file import Source, print_sources, read_subgraphs


class TestConfiguration:
    async def test_reads_what_it_prints(self, tmp_path: Path) -> None:
        (tmp_path / "auth.graphql").write_text("type Query { a: Int }")
        path = tmp_path / "supergraph.yaml"
        path.write_text(print_sources({"auth": Source("http://auth:8000/graphql", Path("auth.graphql"))}))
        [auth] = await read_subgraphs(path)
        assert (auth.name, auth.url, auth.sdl) == ("auth", "http://auth:8000/graphql", "type Query { a: Int }")

    def test_a_subgraph_without_a_file_is_asked(self) -> None:
        printed = yaml.safe_load(print_sources({"auth": Source("http://127.0.0.1:4001/graphql")}))
        assert printed["subgraphs"]["auth"]["schema"] == {"subgraph_url": "http://127.0.0.1:4001/graphql"}

    async def test_a_missing_file_is_said_in_one_sentence(self, tmp_path: Path) -> None:
        with pytest.raises(CannotStart, match=r"Cannot read .*supergraph\.yaml: No such file or directory\.$"):
            await read_subgraphs(tmp_path / "supergraph.yaml")
