"""The command: what it refuses, it refuses in one sentence and with status 1."""

import os
import socket
import subprocess
import sys
from pathlib import Path

import pytest


def studium(*arguments: str, data: Path, **environment: str) -> "subprocess.CompletedProcess[str]":
    """Run the command with a data folder and a clean environment."""
    inherited = {name: value for name, value in os.environ.items() if not name.startswith("STUDIUM_")}
    return subprocess.run(  # noqa: S603 - our own command
        [sys.executable, "-m", "studium", *arguments],
        env=inherited | {"STUDIUM_DATA": str(data)} | environment,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


class TestUp:
    def test_says_that_the_port_is_taken(self, tmp_path: Path) -> None:
        with socket.socket() as other:
            other.bind(("127.0.0.1", 0))
            other.listen()
            port: int = other.getsockname()[1]
            refused = studium("up", "--port", str(port), data=tmp_path / "data")
        assert refused.stderr == (f"Port {port} is taken by another program; free it, or choose another with --port.\n")
        assert refused.returncode == 1

    def test_says_that_a_fixed_port_of_a_server_is_taken(self, tmp_path: Path) -> None:
        with socket.socket() as other:
            other.bind(("127.0.0.1", 0))
            other.listen()
            port = str(other.getsockname()[1])
            refused = studium("up", "--port", _free_port(), data=tmp_path / "data", STUDIUM_VALKEY_PORT=port)
        assert refused.stderr == (
            f"Port {port} is taken by another program; free it, or choose another with STUDIUM_VALKEY_PORT.\n"
        )
        assert refused.returncode == 1

    def test_says_that_the_data_folder_cannot_be_used(self, tmp_path: Path) -> None:
        (tmp_path / "file").touch()
        refused = studium("up", data=tmp_path / "file" / "data")
        assert refused.stderr.startswith(f"The data folder {tmp_path}/file/data cannot be used: Not a directory")
        assert refused.stderr.count("\n") == 1
        assert refused.returncode == 1

    def test_says_that_the_data_folder_is_broken(self, tmp_path: Path) -> None:
        (tmp_path / "data" / "postgres").mkdir(parents=True)
        refused = studium("up", "--port", _free_port(), data=tmp_path / "data")
        assert refused.stderr == (
            f"The data folder {tmp_path}/data/postgres is broken: it holds no PostgreSQL cluster.\n"
        )
        assert refused.returncode == 1

    def test_shows_the_last_words_of_a_server_that_does_not_start(self, tmp_path: Path) -> None:
        (tmp_path / "data" / "postgres").mkdir(parents=True)
        (tmp_path / "data" / "postgres" / "PG_VERSION").write_text("18\n")
        refused = studium("up", "--port", _free_port(), data=tmp_path / "data")
        *details, sentence = refused.stderr.splitlines()
        assert sentence == f"postgres ended with status 2; its log is {tmp_path}/data/logs/postgres.log."
        assert any("could not access the server configuration file" in line for line in details)
        assert refused.returncode == 1

    @pytest.mark.parametrize(
        ("name", "value", "reason"),
        [
            ("STUDIUM_DATABASE_URL", "mysql://root:hush@host/db", "must be a URL that starts with postgresql://"),
            ("STUDIUM_SECRET", "hush", "Value should have at least 32 items after validation, not 4"),
            ("STUDIUM_PORT", "many", "Input should be a valid integer, unable to parse string as an integer"),
        ],
    )
    def test_says_which_setting_is_wrong_without_showing_it(
        self, tmp_path: Path, name: str, value: str, reason: str
    ) -> None:
        refused = studium("up", data=tmp_path / "data", **{name: value})
        assert refused.stderr.startswith(f"The setting {name} is wrong: {reason}")
        assert "hush" not in refused.stderr
        assert refused.returncode == 1


class TestHealth:
    def test_fails_where_nobody_answers(self, tmp_path: Path) -> None:
        assert studium("health", "--url", f"http://127.0.0.1:{_free_port()}/health", data=tmp_path).returncode == 1


def _free_port() -> str:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return str(probe.getsockname()[1])
