"""Somebody of another tenant who may do a lot there, and goes on when what they have done has shut them out."""

from dataclasses import dataclass, field

from tests.isolation.client import Answer, Client
from tests.isolation.graph import Operation
from tests.isolation.world import Inhabitants, move_in, sign_in, tenant_called

_ALIVE = Operation("query Alive { viewer { user { id } tenant { id } } }", {})
_LOST = {"SESSION_ENDED", "TENANT_NOT_FOUND", "UNAUTHENTICATED"}


@dataclass
class Attacker:
    """A person of a tenant.

    Attributes:
        role: of the person: OWNER, INSTRUCTOR or LEARNER.
        home: the tenants, as hexadecimal digits, that they have been of.
        moved: how often they had to move into another tenant.
    """

    client: Client
    one: Inhabitants
    role: str
    token: str = field(repr=False)
    home: set[str]
    moved: int = 0

    @classmethod
    def of(cls, client: Client, one: Inhabitants, role: str = "OWNER") -> "Attacker":
        return cls(client, one, role, one.token(role), {one.id.hex})

    @property
    def tenant(self) -> str:
        """The slug of their present tenant."""
        return self.one.slug

    def own(self, name: str, operation: str) -> str | None:
        """The value of their own that an argument wants, if they have one."""
        return self.one.own(name, operation)

    async def ask(self, operation: Operation) -> Answer:
        """Ask with a session that counts."""
        answer = await self.client.ask(operation, self.token, traced=True)
        if _codes(answer) & _LOST and not await self._is_alive():
            await self._come_back()
            answer = await self.client.ask(operation, self.token, traced=True)
        return answer

    async def begin_again(self) -> None:
        """Move into a tenant where nothing has been tried."""
        self.moved += 1
        self.one = await move_in(self.client.address, f"{self.tenant.rstrip('0123456789')}{self.moved}")
        self.home.add(self.one.id.hex)
        self.token = self.one.token(self.role)

    async def _is_alive(self) -> bool:
        return not _codes(await self.client.ask(_ALIVE, self.token))

    async def _come_back(self) -> None:
        [person] = tenant_called(self.tenant).of_role(self.role)
        try:
            self.token = await sign_in(self.client, self.tenant, person.email)
        except (AssertionError, TypeError):
            await self.begin_again()
        assert await self._is_alive()


def _codes(answer: Answer) -> set[str]:
    return {error.get("extensions", {}).get("code") for error in answer.body.get("errors", ())}
