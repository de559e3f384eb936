"""What operations may cost, and how much of it a client may have in a time: plain values."""

from dataclasses import dataclass, field
from enum import Enum


class Unit(Enum):
    """What a rate counts."""

    REQUESTS = "requests"
    COST = "cost"


class Per(Enum):
    """Who shares a rate. Nobody is counted whose tenant, client or subject, or address is not known."""

    TENANT = "tenant"
    CLIENT = "client"
    SUBJECT = "subject"
    ADDRESS = "address"
    EVERYBODY = "everybody"


@dataclass(frozen=True, slots=True)
class Rate:
    """So much in so many seconds; then it begins anew.

    Attributes:
        name: as clients read it in headers; unique among the rates.
        quota: requests or units of cost.
        seconds: length of the window.
        unit: what is counted.
        per: who shares it.
    """

    name: str
    quota: int
    seconds: int
    unit: Unit = Unit.REQUESTS
    per: Per = Per.TENANT

    def __post_init__(self) -> None:
        """Raises: ValueError: there is no such rate."""
        if self.quota < 1 or self.seconds < 1:
            raise ValueError(f"The rate {self.name!r} needs a quota and seconds of at least 1.")
        if not (self.name.isascii() and self.name.isprintable() and '"' not in self.name and "\\" not in self.name):
            raise ValueError(f"The name {self.name!r} of a rate cannot stand in a header.")


@dataclass(frozen=True, slots=True)
class Demand:
    """How operations are priced.

    An operation costs its type's price and that of its fields. A field costs what its arguments cost and, for each item
    of its list, its own price and that of the fields below. Its own price is its `@cost`, or that of its type, or 1
    for objects and 0 for anything else.

    Attributes:
        operation_cost: most that one operation may cost, estimated before it is executed; None for any.
        mutation_cost: the price of a mutation beside its fields'.
        list_size: that is assumed where neither `@listSize` nor an argument says anything.
        slicing_arguments: of type Int, which say the size of a list, or of the lists in a connection, where a field has
            no `@listSize`; none to believe `@listSize` alone.
        measured: whether the cost is also measured, in the answer; rates by cost then give back what was too much.
        told: whether answers tell the cost, in `extensions.cost`.
        dry_run_header: a request with this header is not executed, and told what it would cost; None for no header.
        rates: who may have how much in a time.
        redis_url: where the rates of several routers are counted together; None counts in this process.
        redis_prefix: of the keys there.
        redis_seconds: that Redis may take; after that, or when it fails, this process counts alone.
        redis_retry_seconds: after which Redis is tried again then.
    """

    operation_cost: float | None = 200_000
    mutation_cost: float = 10
    list_size: int = 10
    slicing_arguments: tuple[str, ...] = ("first", "last", "limit")
    measured: bool = False
    told: bool = False
    dry_run_header: str | None = None
    rates: tuple[Rate, ...] = ()
    redis_url: str | None = field(default=None, repr=False)
    redis_prefix: str = "router:rates"
    redis_seconds: float = 0.25
    redis_retry_seconds: float = 5.0

    def __post_init__(self) -> None:
        """Raises: ValueError: two rates have one name, or there is no such Redis."""
        names = [rate.name for rate in self.rates]
        if len(set(names)) < len(names):
            raise ValueError("Every rate needs a name of its own.")
        if self.redis_url is not None and self.redis_url.partition(":")[0] not in {"redis", "rediss", "unix"}:
            raise ValueError("The URL of Redis has to begin with redis:, rediss: or unix:.")
