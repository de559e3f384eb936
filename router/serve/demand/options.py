"""Options of `python -m router serve` about what clients may ask for."""

import argparse
import re
from dataclasses import fields
from typing import Any, Final

from router.serve.demand.config import Demand, Per, Rate, Unit
from router.serve.limits import Limits

_DEFAULTS: Final = Demand()
_RATE: Final = re.compile(r"(?P<name>[\w-]+)=(?P<quota>\d+)/(?P<seconds>\d+)(?::(?P<unit>\w+))?(?::(?P<per>\w+))?")


class DemandError(Exception):
    """An option says nothing that could be."""


def add_demand_options(parser: argparse.ArgumentParser) -> None:
    """Add them to a command."""
    parser.add_argument(
        "--limit",
        action="append",
        default=[],
        metavar="NAME=NUMBER",
        help=f"of what clients send: {', '.join(each.name for each in fields(Limits) if each.name != 'introspection')}",
    )
    parser.add_argument(
        "--introspection",
        action=argparse.BooleanOptionalAction,
        default=True,
        help="let clients ask for the schema; otherwise errors suggest no names either (default: yes)",
    )
    parser.add_argument(
        "--operation-cost",
        type=float,
        default=_DEFAULTS.operation_cost,
        metavar="COST",
        help="most that one operation may cost, by @cost and @listSize, or else by its objects (default: %(default)s)",
    )
    parser.add_argument(
        "--list-size",
        type=int,
        default=_DEFAULTS.list_size,
        metavar="N",
        help="of lists that neither @listSize nor an argument sizes (default: %(default)s)",
    )
    parser.add_argument(
        "--rate",
        action="append",
        default=[],
        metavar="NAME=QUOTA/SECONDS[:UNIT[:PER]]",
        help=(
            f"how much may be asked for in a time; UNIT: {', '.join(each.value for each in Unit)} (default: requests); "
            f"PER: {', '.join(each.value for each in Per)} (default: tenant)"
        ),
    )
    parser.add_argument("--rate-redis", metavar="URL", help="where several routers count their rates together")
    parser.add_argument(
        "--measure-cost",
        action=argparse.BooleanOptionalAction,
        default=False,
        help="measure what answers cost, and give back to rates what was estimated too much (default: no)",
    )
    parser.add_argument(
        "--tell-cost",
        action=argparse.BooleanOptionalAction,
        default=False,
        help="tell clients what their operations cost, in extensions.cost (default: no)",
    )
    parser.add_argument(
        "--dry-run-header", metavar="NAME", help="a request with this header is priced and not executed (default: none)"
    )


def demand_of(arguments: argparse.Namespace) -> Demand:
    """What the options say of costs and rates.

    Raises:
        DemandError: they say nothing that could be.
    """
    rates = tuple(_rate(each) for each in arguments.rate)
    try:
        return Demand(
            operation_cost=arguments.operation_cost,
            list_size=arguments.list_size,
            measured=arguments.measure_cost,
            told=arguments.tell_cost,
            dry_run_header=arguments.dry_run_header,
            rates=rates,
            redis_url=arguments.rate_redis,
        )
    except ValueError as error:
        raise DemandError(str(error)) from error


def limits_of(arguments: argparse.Namespace) -> Limits:
    """What the options say of limits.

    Raises:
        DemandError: they name a limit that there is not, or give it no number.
    """
    kinds: dict[str, Any] = {each.name: type(each.default) for each in fields(Limits) if each.name != "introspection"}
    given: dict[str, float] = {}
    for option in arguments.limit:
        name, _, number = option.partition("=")
        kind = kinds.get(name.replace("-", "_"))
        try:
            if kind is None:
                raise DemandError(f"There is no limit {name!r}; there are {', '.join(kinds)}.")
            given[name.replace("-", "_")] = int(number) if kind is int else float(number)
        except ValueError as error:
            raise DemandError(f"The limit {name} needs a number, as in {name}=100.") from error
    return Limits(introspection=arguments.introspection, **given)  # pyright: ignore[reportArgumentType]  # by their kinds


def _rate(text: str) -> Rate:
    found = _RATE.fullmatch(text)
    if found is None:
        raise DemandError(f"{text!r} is no rate; one is tenants=1000/60:requests:tenant.")
    try:
        unit, per = Unit(found["unit"] or Unit.REQUESTS.value), Per(found["per"] or Per.TENANT.value)
        return Rate(found["name"], int(found["quota"]), int(found["seconds"]), unit, per)
    except ValueError as error:
        raise DemandError(str(error)) from error
