"""Two tenants on one platform, alike in shape and different in every word."""

import asyncio
from collections import Counter
from dataclasses import dataclass, field, replace
from typing import Final

from shared.caller import TenantId
from shared.tenancy.names import CONTROL_DATABASE
from shared.tenancy.registry import Registry
from shared.tenancy.roles import Admin
from studium import seed
from studium.client import Graph as Seeded
from studium.demo import PASSWORD, DemoCourse, DemoLesson, DemoModule, DemoPerson, DemoTenant
from studium.platform import SUBGRAPHS
from studium.seed_operations import SIGN_UP_TENANT
from tests.isolation.choosing import likeliest
from tests.isolation.client import Client, open_http
from tests.isolation.graph import Graph
from tests.isolation.harvest import Kinds, harvest_answer, harvest_documents, harvest_rows, only_of, rows_in
from tests.isolation.reading import read_roots
from tests.isolation.running import Address

NAMES: Final = ("amber", "birch")
_LONG: Final = 12


@dataclass(frozen=True, slots=True)
class Inhabitants:
    """A tenant and its people.

    Attributes:
        slug: its name in addresses, which everybody may know.
        canary: stands in every text that the tenant has written, and nowhere else.
        owner: the access token; `instructor` and `learner` likewise.
        kinds: the identifiers of the tenant, and of nobody else.
    """

    id: TenantId
    slug: str
    canary: str
    owner: str = field(repr=False)
    instructor: str = field(repr=False)
    learner: str = field(repr=False)
    kinds: Kinds = field(default_factory=Kinds, repr=False)

    def token(self, role: str) -> str:
        """The access token of the person of a role."""
        return {"OWNER": self.owner, "INSTRUCTOR": self.instructor, "LEARNER": self.learner}[role]

    def own(self, name: str, operation: str) -> str | None:
        """The value of theirs that an argument wants, if they have one."""
        return self.slug if name == "tenant" else likeliest(self.kinds, name, operation)

    @property
    def secrets(self) -> list[str]:
        """What nobody else is ever told: the canary, and every identifier that is long enough not to be a word."""
        long = {value for values in self.kinds.values() for value in values if len(value) >= _LONG}
        return [self.canary, *sorted(long)]


@dataclass(frozen=True, slots=True)
class World:
    """The platform under test, and who lives there.

    Attributes:
        amber: what others try to reach. It is left as it is, and so is birch.
    """

    address: Address
    graph: Graph
    amber: Inhabitants
    birch: Inhabitants


def canary_of(name: str) -> str:
    """A word that nobody would write by chance."""
    return f"{name}canary"


def tenant_called(name: str) -> DemoTenant:
    """One that has something of everything the graph can hold."""
    word = canary_of(name)
    people = [
        DemoPerson(f"{role.title()} {word}", f"{role.lower()}.{word}@{name}.example", role)
        for role in ("OWNER", "INSTRUCTOR", "LEARNER")
    ]
    lesson = DemoLesson(f"Lesson of {word}", f"Text of {word}.", 5, f"code_of_{word} = 1")
    module = DemoModule(f"Module of {word}", (lesson,))
    published = DemoCourse(f"course-{word}", f"Course of {word}", f"Summary of {word}.", (module,))
    draft = DemoCourse(f"draft-{word}", f"Draft of {word}", f"Unfinished {word}.", (), published=False)
    return DemoTenant(name, f"Tenant {word}", tuple(people), (published, draft))


async def settle(address: Address) -> World:
    """Have two tenants move in, and learn all their identifiers."""
    amber, birch = await asyncio.gather(*(move_in(address, name) for name in NAMES))
    return World(
        address,
        Graph.read(),
        replace(amber, kinds=only_of(amber.kinds, [birch.kinds])),
        replace(birch, kinds=only_of(birch.kinds, [amber.kinds])),
    )


async def move_in(address: Address, name: str) -> Inhabitants:
    """A new tenant that has something of everything."""
    tenant = tenant_called(name)
    admin = Admin(address.database)
    async with open_http() as http:
        client = Client(http, address)
        await seed._fill_patiently(_seeded(client), tenant)  # pyright: ignore[reportPrivateUsage] - as the demo tenants are filled
        [tenant_id] = [one.id for one in await Registry(admin.engine(CONTROL_DATABASE)).active() if one.slug == name]
        owner, instructor, learner = [await sign_in(client, name, each.email) for each in tenant.people]
        one = Inhabitants(tenant_id, name, canary_of(name), owner, instructor, learner)
        whole = replace(one, kinds=await _harvest(client, admin, one))
    await admin.aclose()
    return whole


async def sign_up(client: Client, name: str) -> str:
    """The access token of the owner of a new tenant in which there is nothing else."""
    tenant, graph = tenant_called(name), _seeded(client)
    await graph.change(SIGN_UP_TENANT, input=seed._tenant_input(tenant))  # pyright: ignore[reportPrivateUsage] - as above
    signed_in = await seed._signed_in(graph, tenant, tenant.owner)  # pyright: ignore[reportPrivateUsage] - as above
    assert signed_in.token
    return signed_in.token


def _seeded(client: Client) -> Seeded:
    return Seeded(client.http, f"http://{client.address.router}/graphql")


async def sign_in(client: Client, slug: str, email: str) -> str:
    """The access token of a new session."""
    given = {"tenant": slug, "email": email, "password": PASSWORD}
    told = await client.data(
        "mutation ($input: SignInInput!) { signIn(input: $input) { session { accessToken } userErrors { code } } }",
        None,
        input=given,
    )
    return told["signIn"]["session"]["accessToken"]


async def _harvest(client: Client, admin: Admin, one: Inhabitants) -> Kinds:
    rows = await harvest_rows(admin, one.id)
    documents = await harvest_documents(client.address.mongo, one.id)
    told: Kinds = {}
    for token in (one.owner, one.learner):
        for answer in await read_roots(client, Graph.read(), token, depth=4, lists=2):
            for name, values in harvest_answer(answer.body.get("data")).items():
                told[name] = list(dict.fromkeys([*told.get(name, []), *values]))
    return {**rows, **documents, **told}


async def rows_of(world: World, one: Inhabitants) -> Counter[str]:
    """The rows of a tenant, each as text, but for what the worker does with its events meanwhile."""
    admin = Admin(world.address.database)
    try:
        return sum([await rows_in(admin, one.id, name) for name in SUBGRAPHS], Counter[str]())
    finally:
        await admin.aclose()
