"""What a start may leave undone, because an earlier one did it."""

from pathlib import Path

from pydantic import SecretStr

from studium.state import State

SECRET, ANOTHER = SecretStr("a" * 32), SecretStr("b" * 32)


def test_migrations_count_for_one_server_and_one_secret(tmp_path: Path) -> None:
    path = tmp_path / "state.json"
    state = State(path, server="one")
    assert not state.is_migrated(SECRET)
    state.note_migrated(SECRET)
    assert State(path, server="one").is_migrated(SECRET)
    assert not state.is_migrated(ANOTHER)  # its logins would have other passwords
    assert not State(path, server="two").is_migrated(SECRET)
    assert "a" * 32 not in path.read_text()
