"""Tests that share servers run in one process of several: else each process would start all of them."""

from types import SimpleNamespace
from typing import Any, cast

import pytest

from tests.distribution import LONG, FileScheduling

_GROUP = "one worker"


@pytest.mark.xdist_group(_GROUP)
def test_groups_are_heeded(request: pytest.FixtureRequest) -> None:
    if not getattr(request.config.option, "loadgroup", False):
        pytest.skip("tests run in one process, or are not grouped")
    # pytest-xdist tells its scheduler so; a pytest that it does not know loses that in silence
    item = cast("pytest.Item", request.node)  # pyright: ignore[reportUnknownMemberType]  # pytest leaves it open
    assert item.nodeid.endswith(f"@{_GROUP}")


class Process:
    """One that tests are given to: keeps which, by their place among all."""

    def __init__(self) -> None:
        self.gateway = SimpleNamespace(id=id(self))
        self.given: list[int] = []
        self.shutting_down = False

    def send_runtest_some(self, indices: list[int]) -> None:
        self.given += indices

    def shutdown(self) -> None:
        self.shutting_down = True


def given_to_two(tests: list[str]) -> list[list[str]]:
    """What each of two processes is given, in turn, until there is no more."""
    options: Any = SimpleNamespace(getvalue={"tx": ["popen"] * 2}.get, option=SimpleNamespace(loadscopereorder=True))
    scheduling = FileScheduling(options)
    processes: list[Any] = [Process(), Process()]
    for process in processes:
        scheduling.add_node(process)
        scheduling.add_node_collection(process, tests)
    scheduling.schedule()
    for place in range(len(tests)):
        for process in processes:
            if place < len(process.given):
                scheduling.mark_test_complete(process, process.given[place])
    return [[tests[index] for index in process.given] for process in processes]


def test_a_file_or_a_group_is_in_one_process_and_groups_begin() -> None:
    files = [f"tests/test_{name}.py::test_it[{number}]" for name in "abc" for number in range(8)]
    group = [f"tests/test_{name}.py::test_started@servers" for name in "ab"]
    first, second = given_to_two([*files, *group])
    assert first[:2] == group
    assert sorted(first + second) == sorted([*files, *group])
    assert not {test.partition("::")[0] for test in first[2:]} & {test.partition("::")[0] for test in second}


def test_where_few_tests_take_long_they_begin() -> None:
    many = [f"tests/test_many.py::test_it[{number}]" for number in range(8)]
    long = [f"{folder}test_long.py::test_it" for folder in LONG[:2]]
    first, second = given_to_two([*many, *long])
    assert [first[0], second[0]] == long
