"""What an operator may say of Studium's router, and what the platform says without."""

from pathlib import Path

import pytest

from router.serve.limits import Limits
from studium.embedded import CannotStart
from studium.router_policies import RouterPolicies, read_policies


def said(tmp_path: Path, text: str) -> RouterPolicies:
    file = tmp_path / "router.yaml"
    file.write_text(text)
    return read_policies(file, {})


class TestPolicies:
    def test_without_a_file_subgraphs_are_asked_as_much_as_they_bear(self) -> None:
        concurrency = read_policies(None, {}).traffic.all.concurrency
        assert concurrency is not None
        assert (concurrency.requests, concurrency.waiting) == (100, 1_000)

    def test_a_file_changes_what_it_says_and_nothing_else(self, tmp_path: Path) -> None:
        policies = said(tmp_path, "graphiql: false\nlimits: {depth: 7}\ntraffic: {all: {concurrency: {waiting: 5}}}\n")
        concurrency = policies.traffic.all.concurrency
        assert concurrency is not None
        assert (policies.graphiql, policies.limits.depth) == (False, 7)
        assert (concurrency.requests, concurrency.waiting) == (100, 5)
        assert policies.limits.tokens == Limits().tokens

    def test_all_that_is_wrong_is_told_at_once(self, tmp_path: Path) -> None:
        with pytest.raises(CannotStart) as refused:
            said(tmp_path, "grafiql: false\nlimits: {depth: deep}\nsupergraph: {file: elsewhere.graphql}\n")
        told = "\n".join(refused.value.details)
        assert all(each in told for each in ("grafiql", "limits.depth", "supergraph"))
