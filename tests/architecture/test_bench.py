"""`make bench` names parts that are there, and `--quick` tells them only what they know."""

from pathlib import Path

import pytest

from tests.bench import run
from tests.bench.pace import FLAG, IS_QUICK, paced
from tests.bench.run import PARTS, QUICK

BENCH = Path(__file__).parents[1] / "bench"


def source_of(part: str) -> str:
    """Of the module that `python -m` runs, and those beside it."""
    command = BENCH / f"{part}.py"
    folder = BENCH / part
    files = [command] if command.is_file() else [folder / "__main__.py", *sorted(folder.glob("[a-z]*.py"))]
    return "".join(each.read_text(encoding="utf-8") for each in files)


@pytest.mark.parametrize("part", PARTS)
def test_a_part_is_a_command_and_knows_what_quick_tells_it(part: str) -> None:
    source = source_of(part)
    assert 'if __name__ == "__main__":' in source
    assert [told for told in QUICK.get(part, ()) if told.startswith("--") and f'"{told}"' not in source] == []


def test_a_part_that_takes_long_can_be_quick() -> None:
    """`permissions` is over at once."""
    assert {part for part in PARTS if part not in QUICK and "paced(" not in source_of(part)} <= {
        "permissions",
        "faults",
    }


def test_without_the_flag_everything_is_measured_in_full() -> None:
    assert (FLAG, IS_QUICK, paced(5, 1)) == ("STUDIUM_BENCH_QUICK", False, 5)


def test_a_platform_that_does_not_start_is_told_among_what_failed(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def failing(*_: object) -> None:
        raise TimeoutError

    monkeypatch.setattr(run, "measure", failing)
    monkeypatch.setattr(run, "PART_SECONDS", 0)
    monkeypatch.setattr("sys.argv", ["run", "--only", run.PLATFORM, "--only", "permissions"])
    assert run.main() == 1
    assert "failed, or missed what is aimed at: platform, permissions" in capsys.readouterr().out
