"""The command line says what clients may ask for."""

import argparse

import pytest

from router.serve import Limits
from router.serve.demand.config import Demand, Per, Rate, Unit
from router.serve.demand.options import DemandError, add_demand_options, demand_of, limits_of


def parsed(*options: str) -> argparse.Namespace:
    parser = argparse.ArgumentParser()
    add_demand_options(parser)
    return parser.parse_args(options)


def test_without_options_everything_is_as_usual() -> None:
    assert demand_of(parsed()) == Demand()
    assert limits_of(parsed()) == Limits()


def test_each_option_is_taken() -> None:
    demand = demand_of(
        parsed(
            *("--operation-cost", "50", "--list-size", "3", "--measure-cost", "--tell-cost", "--dry-run-header", "dry"),
            *(
                "--rate-redis",
                "redis://h",
                "--rate",
                "a=5/60",
                "--rate",
                "b-c=7/1:cost",
                "--rate",
                "d=9/2:cost:address",
            ),
        )
    )
    rates = (Rate("a", 5, 60), Rate("b-c", 7, 1, Unit.COST), Rate("d", 9, 2, Unit.COST, Per.ADDRESS))
    assert demand == Demand(
        operation_cost=50,
        list_size=3,
        measured=True,
        told=True,
        dry_run_header="dry",
        rates=rates,
        redis_url="redis://h",
    )


def test_limits_are_named() -> None:
    limits = limits_of(parsed("--limit", "aliases=5", "--limit", "planning-seconds=1.5", "--no-introspection"))
    assert limits == Limits(aliases=5, planning_seconds=1.5, introspection=False)


@pytest.mark.parametrize("rate", ["a", "a=1", "a=1/", "a=0/1", "a=1/0", "a=1/1:what", "a=1/1:cost:who", "a b=1/1"])
def test_what_is_no_rate_is_refused(rate: str) -> None:
    with pytest.raises(DemandError):
        demand_of(parsed("--rate", rate))


@pytest.mark.parametrize("options", [("--rate", "a=1/1", "--rate", "a=2/2"), ("--rate-redis", "http://h")])
def test_what_does_not_go_together_is_refused(options: tuple[str, ...]) -> None:
    with pytest.raises(DemandError):
        demand_of(parsed(*options))


@pytest.mark.parametrize("limit", ["aliases", "aliases=x", "aliases=1.5", "what=1", "introspection=1"])
def test_what_is_no_limit_is_refused(limit: str) -> None:
    with pytest.raises(DemandError):
        limits_of(parsed("--limit", limit))
