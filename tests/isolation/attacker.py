"""Somebody of another tenant, who may do everything there, and goes on when what they have done has shut them out."""

from dataclasses import dataclass, field

from studium.demo import PASSWORD
from studium.seed_operations import SIGN_UP_TENANT
from tests.isolation.client import Answer, Client
from tests.isolation.graph import Operation
from tests.isolation.world import Inhabitants, sign_in, tenant_called

_ALIVE = Operation("query Alive { viewer { user { id } tenant { id } } }", {})


@dataclass
class Attacker:
    """The owner of a tenant.

    Attributes:
        home: the tenants, as hexadecimal digits, that they have owned.
        lost: how often a session, or a tenant, was lost.
    """

    client: Client
    slug: str
    email: str
    token: str = field(repr=False)
    home: set[str]
    lost: int = 0

    @classmethod
    def of(cls, client: Client, one: Inhabitants) -> "Attacker":
        return cls(client, one.slug, tenant_called(one.slug).owner.email, one.owner, {one.id.hex})

    async def ask(self, operation: Operation) -> Answer:
        """Ask with a session that counts."""
        answer = await self.client.ask(operation, self.token, traced=True)
        if operation.query.startswith("mutation") and not await self.is_alive():
            await self._come_back()
        return answer

    async def is_alive(self) -> bool:
        alive = await self.client.ask(_ALIVE, self.token)
        return "errors" not in alive.body

    async def _come_back(self) -> None:
        """Sign in again or, if that is over as well, open another tenant."""
        self.lost += 1
        try:
            self.token = await sign_in(self.client, self.slug, self.email)
        except (AssertionError, TypeError):
            await self._move()
        assert await self.is_alive()

    async def _move(self) -> None:
        self.slug = f"{self.slug.rstrip('0123456789')}{self.lost}"
        self.email = f"owner@{self.slug}.example"
        given = {"name": self.slug, "slug": self.slug, "ownerName": "Olga", "ownerEmail": self.email}
        told = await self.client.data(SIGN_UP_TENANT, None, input=given | {"password": PASSWORD})
        self.home.add(told["signUpTenant"]["tenant"]["id"].replace("-", ""))
        self.token = await sign_in(self.client, self.slug, self.email)
