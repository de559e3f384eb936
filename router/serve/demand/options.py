"""Options of `python -m router serve` about what clients may ask for."""

import argparse
import re
from dataclasses import fields
from functools import partial
from typing import Final

from router.serve.config.options import Plain, Sets, Switch
from router.serve.demand.config import Demand, Per, Unit
from router.serve.limits import Limits

_DEFAULTS: Final = Demand()
_RATE: Final = re.compile(r"(?P<name>[\w-]+)=(?P<quota>\d+)/(?P<seconds>\d+)(?::(?P<unit>\w+))?(?::(?P<per>\w+))?")


def add_demand_options(parser: argparse.ArgumentParser) -> None:
    """Add them to a command."""
    sets = partial(parser.add_argument, action=Sets)
    sets(
        "--limit",
        key="limits.{}",
        dashed=True,
        metavar="NAME=NUMBER",
        help=f"of what clients send: {', '.join(each.name for each in fields(Limits) if each.type is not bool)}",
    )
    parser.add_argument(
        "--introspection",
        action=Switch,
        key="limits.introspection",
        help="let clients ask for the schema; otherwise errors suggest no names either (default: yes)",
    )
    _add_prices(parser)
    _add_rates(parser)


def _add_prices(parser: argparse.ArgumentParser) -> None:
    sets = partial(parser.add_argument, action=Sets)
    switch = partial(parser.add_argument, action=Switch)
    sets(
        "--operation-cost",
        key="demand.operation_cost",
        metavar="COST",
        help="most that one operation may cost, by @cost and @listSize, or else by its objects "
        f"(default: {_DEFAULTS.operation_cost})",
    )
    sets(
        "--list-size",
        key="demand.list_size",
        metavar="N",
        help=f"of lists that neither @listSize nor an argument sizes (default: {_DEFAULTS.list_size})",
    )
    switch(
        "--measure-cost",
        key="demand.measured",
        help="measure what answers cost, and give back to rates what was estimated too much (default: no)",
    )
    switch(
        "--tell-cost",
        key="demand.told",
        help="tell clients what their operations cost, in extensions.cost (default: no)",
    )
    sets(
        "--dry-run-header",
        key="demand.dry_run_header",
        metavar="NAME",
        help="a request with this header is priced and not executed (default: none)",
    )


def _add_rates(parser: argparse.ArgumentParser) -> None:
    sets = partial(parser.add_argument, action=Sets)
    sets(
        "--rate",
        key="demand.rates",
        added=True,
        read=_rate,
        metavar="NAME=QUOTA/SECONDS[:UNIT[:PER]]",
        help=(
            f"how much may be asked for in a time; UNIT: {', '.join(each.value for each in Unit)} (default: requests); "
            f"PER: {', '.join(each.value for each in Per)} (default: tenant)"
        ),
    )
    sets("--rate-redis", key="demand.redis_url", metavar="URL", help="where several routers count their rates together")


def _rate(text: str) -> Plain:
    found = _RATE.fullmatch(text)
    if found is None:
        raise ValueError(f"{text!r} is no rate; one is tenants=1000/60:requests:tenant")
    return {name: value for name, value in found.groupdict().items() if value is not None}
