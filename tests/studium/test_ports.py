"""The ports of a data folder are chosen where no outgoing connection takes one before its server listens."""

from pathlib import Path

from studium.embedded import DataFolder, Ports

_OUTGOING_FROM = 32_768
"""The first port that Linux gives to connections; others begin later."""


def test_a_chosen_port_is_none_that_an_outgoing_connection_may_take_and_is_kept(tmp_path: Path) -> None:
    folder = DataFolder(tmp_path)
    chosen = [Ports(folder).choose(name) for name in ("auth", "users", "courses")]
    assert len(set(chosen)) == len(chosen)
    assert max(chosen) < _OUTGOING_FROM
    assert Ports(folder).remembered("auth") == chosen[0]
