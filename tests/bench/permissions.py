"""`python -m tests.bench.permissions`: what one decision costs, of a caller with many grants, on one core.

Each decision is about another course; `again` asks about one course only. Of those of one shape, the policies decide
the first alone: `first of its shape` has as many shapes as decisions.
"""

import argparse
import json
import time
from collections.abc import Callable
from datetime import UTC, datetime
from statistics import median
from typing import Final

from shared.caller import Caller, TenantId, UserId
from shared.ids import uuid7
from shared.permissions.decisions import Rights
from shared.permissions.grants import Grant
from shared.permissions.places import Place, PlaceKind, Resource
from shared.permissions.policies import Policies

COURSES: Final = 1_000
ROUNDS: Final = 9
SHAPES: Final = 10
NOW: Final = datetime(2026, 1, 1, tzinfo=UTC)
WRITE: Final = "courses:write"
TENANT: Final = TenantId(uuid7())


def measure() -> dict[str, float]:
    """Microseconds a decision, the median of several rounds."""
    courses = [Resource.course(TENANT, uuid7(), within=(Place(PlaceKind.ORG, uuid7()),)) for _ in range(COURSES)]
    granted = tuple(Grant(course.place, frozenset({WRITE})) for course in courses[:100])
    deep = [Resource(TENANT, courses[0].place, within=_units(depth)) for depth in range(1, SHAPES)]
    in_tenant, at_places = _caller(WRITE), _caller()
    return {
        "held in the tenant": _each(lambda: Rights.of(in_tenant, (), NOW), courses),
        "held at the course, one of 100": _each(lambda: Rights.of(at_places, granted, NOW), courses[:100]),
        "not held": _each(lambda: Rights.of(at_places, granted, NOW), courses[100:]),
        "first of its shape": _each(lambda: Rights(in_tenant, (), Policies.read()), deep),
        "again": _each(lambda: Rights.of(in_tenant, (), NOW), courses[:1] * COURSES),
    }


def _units(count: int) -> tuple[Place, ...]:
    return tuple(Place(PlaceKind.ORG, uuid7()) for _ in range(count))


def _caller(*scopes: str) -> Caller:
    return Caller(TENANT, UserId(uuid7()), "LEARNER", frozenset(scopes), uuid7(), auth_time=0)


def _each(rights_of: Callable[[], Rights], resources: list[Resource]) -> float:
    taken: list[float] = []
    for _ in range(ROUNDS):
        rights = rights_of()
        begun = time.process_time()
        for resource in resources:
            rights.allow(WRITE, resource)
        taken.append((time.process_time() - begun) / len(resources) * 1e6)
    return median(taken)


def main() -> None:
    """Print the figures, as a table or as JSON."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--json", action="store_true")
    figures = {name: round(value, 1) for name, value in measure().items()}
    if parser.parse_args().json:
        print(json.dumps({"microseconds a decision": figures}))  # noqa: T201
        return
    for name, value in figures.items():
        print(f"{value:8.1f} µs  {name}")  # noqa: T201


if __name__ == "__main__":
    main()
