"""`python -m tests.bench.permissions`: what one decision costs, of a caller with many grants, on one core.

Each decision is about another course, so that none is remembered; `again` asks about one course only.
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

COURSES: Final = 1_000
ROUNDS: Final = 9
NOW: Final = datetime(2026, 1, 1, tzinfo=UTC)
WRITE: Final = "courses:write"
TENANT: Final = TenantId(uuid7())


def measure() -> dict[str, float]:
    """Microseconds a decision, the median of several rounds."""
    courses = [Resource.course(TENANT, uuid7(), within=(Place(PlaceKind.ORG, uuid7()),)) for _ in range(COURSES)]
    granted = tuple(Grant(course.place, frozenset({WRITE})) for course in courses[:100])
    in_tenant, at_places = _caller(WRITE), _caller()
    return {
        "held in the tenant": _each(lambda: Rights.of(in_tenant, (), NOW), courses),
        "held at the course, one of 100": _each(lambda: Rights.of(at_places, granted, NOW), courses[:100]),
        "not held": _each(lambda: Rights.of(at_places, granted, NOW), courses[100:]),
        "again": _each(lambda: Rights.of(in_tenant, (), NOW), courses[:1] * COURSES),
    }


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
