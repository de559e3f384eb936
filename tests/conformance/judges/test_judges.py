"""Tools that others look for weaknesses with find none in the router as it is to be run on the open internet."""

import asyncio
import json
import os
from asyncio.subprocess import PIPE
from pathlib import Path
from typing import Final, NoReturn

import pytest
from graphql import print_schema

from tests.conformance.judges.install import TOOLS
from tests.conformance.judges.served import router_in_production
from tests.router.serve.names import names, nearly

pytestmark = [pytest.mark.xdist_group("judges"), pytest.mark.timeout(900)]

EXAMPLES: Final = 5
"""Of each field at the root."""

COP: Final = Path(os.environ["GRAPHQL_COP"]).resolve() if "GRAPHQL_COP" in os.environ else None
"""It is in no index of packages."""

COP_TESTS: Final = 12
"""At least."""


def tool(name: str) -> str:
    """The command; where there is none, the test is skipped, or fails if it may not be."""
    path = TOOLS / "bin" / name
    if not path.exists():
        leave_out("the judges are not installed: make judges")
    return str(path)


def leave_out(reason: str) -> NoReturn:
    if os.environ.get("STUDIUM_JUDGES") == "required":
        pytest.fail(reason)
    pytest.skip(reason)


async def judged(command: list[str], folder: Path) -> tuple[int | None, str, str]:
    """The exit status of a judge, what it has found and what it complains about."""
    process = await asyncio.create_subprocess_exec(*command, cwd=folder, stdout=PIPE, stderr=PIPE)
    found, complaints = await process.communicate()
    return process.returncode, found.decode(), complaints.decode()


async def test_schemathesis_finds_nothing(tmp_path: Path) -> None:
    run = [tool("schemathesis"), "run", "schema.graphql", "--max-examples", str(EXAMPLES), "--seed", "1", "--url"]
    async with router_in_production() as (url, schema):
        (tmp_path / "schema.graphql").write_text(print_schema(schema), encoding="utf-8")
        status, found, complaints = await judged([*run, url], tmp_path)
    assert status == 0, found + complaints
    assert "6 selected / 6 total" in found


async def test_clairvoyance_recovers_nothing(tmp_path: Path) -> None:
    command = tool("clairvoyance")
    async with router_in_production() as (url, schema):
        known = set(names(schema))
        guesses = known | {next(nearly(name)) for name in known}
        (tmp_path / "guesses").write_text("\n".join(sorted(guesses)), encoding="utf-8")
        run = [command, url, "-p", "fast", "-w", "guesses", "-o", "recovered.json"]
        _, found, complaints = await judged(run, tmp_path)
    assert not (tmp_path / "recovered.json").exists(), found
    assert "Field Suggestion is not fully enabled" in complaints


async def test_graphql_cop_finds_nothing(tmp_path: Path) -> None:
    if COP is None:
        pytest.skip("GRAPHQL_COP names no checkout of graphql-cop")
    async with router_in_production() as (url, _):
        run = [tool("python"), str(COP / "graphql-cop.py"), "-f", "-o", "json", "-t", url]
        status, found, complaints = await judged(run, tmp_path)
    assert status == 0, found + complaints
    verdicts = json.loads(found[found.index("[{") :])
    assert len(verdicts) >= COP_TESTS
    assert not [each["title"] for each in verdicts if each["result"]]
