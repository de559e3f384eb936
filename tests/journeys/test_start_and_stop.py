"""Starting and stopping the whole platform, gently and not."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from tests.journeys.platform import Platform, answers, running, running_of

STOP_SECONDS = 60


@pytest.mark.timeout(400)
@pytest.mark.xdist_group("journeys")
class TestStudiumUp:
    """What SIGTERM does is seen at the end of every platform that journeys run on."""

    def test_what_it_prints_works_and_every_end_leaves_nothing(self, tmp_path: Path) -> None:
        data = tmp_path / "data"
        with running(data) as killed:
            self._printed_commands_work(tmp_path / "data.out")
            self._a_second_one_is_refused(killed)
            self._a_tenant_can_be_created(killed)
            everybody = killed.pids()
            killed.process.kill()
            killed.process.wait()
        with running(data) as second:
            assert running_of(everybody) == []
            assert answers(f"http://127.0.0.1:{second.port}/health")
            self._printed_commands_work(tmp_path / "data.out")
            everybody = second.pids()
            os.kill(second.process.pid, signal.SIGINT)
            assert second.process.wait(STOP_SECONDS) == 0
            assert running_of(everybody) == []

    def _printed_commands_work(self, output: Path) -> None:
        """Pasted into a shell as they stand."""
        lines = output.read_text().splitlines()
        commands = [line for line in lines if line.startswith(("TOKEN=", "curl "))]
        answer = subprocess.run(  # noqa: S603 - what we print
            ["/bin/bash", "-c", "\n".join(commands)], capture_output=True, text=True, timeout=60, check=True
        )
        assert '"me":{"displayName":"Leo Marsh"}' in answer.stdout
        assert '"title":"Linear algebra by drawing"' in answer.stdout
        assert '"viewerProgress":{"percent":100}' in answer.stdout

    def _a_second_one_is_refused(self, platform: Platform) -> None:
        refused = studium(platform, "up")
        assert refused.returncode == 1
        assert refused.stderr.startswith(f"Studium is already running on {platform.data} (process ")

    def _a_tenant_can_be_created(self, platform: Platform) -> None:
        names = ("--slug", "cirrus", "--name", "Cirrus", "--owner-name", "Cy", "--owner-email", "cy@cirrus.example")
        options = ("--password-stdin", "--url", platform.url)
        created = studium(platform, "tenant", "create", *names, *options, typed="correct horse battery\n")
        assert created.stdout.startswith("cirrus  "), created.stderr
        again = studium(platform, "tenant", "create", *names, *options, typed="correct horse battery\n")
        assert again.returncode == 1
        assert again.stderr == "The graph answered SLUG_TAKEN: Another tenant has this slug.\n"
        listed = studium(platform, "tenant", "list")
        assert listed.returncode == 0, listed.stderr
        assert {line.split()[1] for line in listed.stdout.splitlines()} == {"aurora", "borealis", "cirrus"}


def studium(platform: Platform, *arguments: str, typed: str | None = None) -> "subprocess.CompletedProcess[str]":
    """Another command beside the running platform."""
    return subprocess.run(  # noqa: S603 - our own command
        [sys.executable, "-m", "studium", *arguments],
        env=os.environ | {"STUDIUM_DATA": str(platform.data)},
        input=typed,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
