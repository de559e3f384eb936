"""The command: what it refuses, it refuses in one sentence and with status 1."""

import json
import os
import socket
import subprocess
import sys
from pathlib import Path

import pytest
from pydantic import SecretStr

from shared.router_tokens import public_keys
from shared.tokens import TokenIssuer


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


class TestServers:
    def test_says_that_a_server_does_not_answer_without_its_password(self, tmp_path: Path) -> None:
        url = f"postgresql://studium:hush@127.0.0.1:{_free_port()}"
        refused = studium("tenant", "list", data=tmp_path, STUDIUM_DATABASE_URL=url)
        assert refused.stderr.startswith("A server that this needs does not answer; is it running?")
        assert refused.stderr.count("\n") == 1
        assert "hush" not in refused.stderr
        assert refused.returncode == 1


class TestOutput:
    def test_ends_quietly_where_nobody_reads_any_more(self) -> None:
        reading, writing = os.pipe()
        os.close(reading)
        command = [sys.executable, "-m", "studium", "keys"]
        with os.fdopen(writing, "wb") as output:
            ended = subprocess.run(command, stdout=output, stderr=subprocess.PIPE, timeout=60, check=False)  # noqa: S603 - as above
        assert ended.stderr == b""
        assert ended.returncode == 1


class TestHealth:
    def test_fails_where_nobody_answers(self, tmp_path: Path) -> None:
        assert studium("health", "--url", f"http://127.0.0.1:{_free_port()}/health", data=tmp_path).returncode == 1


def _free_port() -> str:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return str(probe.getsockname()[1])


class TestKeys:
    def test_what_it_prints_is_an_environment_file_whose_keys_belong_together(self, tmp_path: Path) -> None:
        made = studium("keys", data=tmp_path / "data")
        assert (made.returncode, made.stderr) == (0, "")
        given = _sourced(made.stdout, tmp_path / "keys.env")
        router_key, published = SecretStr(given["STUDIUM_ROUTER_KEY"]), json.loads(given["STUDIUM_ROUTER_KEYS"])
        assert published == json.loads(public_keys(router_key))
        assert all("d" not in key for key in published["keys"])
        assert TokenIssuer(SecretStr(given["STUDIUM_SIGNING_KEY"])).jwks() != published

    def test_they_are_new_each_time(self, tmp_path: Path) -> None:
        first, second = (studium("keys", data=tmp_path / "data").stdout for _ in range(2))
        assert set(first.splitlines()) & set(second.splitlines()) <= {
            line for line in first.splitlines() if line.startswith(("#", "-----")) or "-----BEGIN" in line
        }


def _sourced(text: str, path: Path) -> dict[str, str]:
    """What a shell makes of an environment file."""
    path.write_text(text)
    names = ("STUDIUM_SIGNING_KEY", "STUDIUM_ROUTER_KEY", "STUDIUM_ROUTER_KEYS")
    script = f". {path}; printf '%s\\0' " + " ".join(f'"${name}"' for name in names)
    shell = subprocess.run(["/bin/sh", "-c", script], env={}, capture_output=True, text=True, check=True)  # noqa: S603 - our own script
    return dict(zip(names, shell.stdout.split("\0"), strict=False))
