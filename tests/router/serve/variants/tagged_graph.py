"""A graph of five subgraphs with a bit of everything, and tags on all kinds of its elements."""

from collections.abc import Mapping

from router.execute import InProcessTransport
from router.serve import Engine, RequestContext
from router.serve.demand.control import DemandControl
from router.serve.limits import Limits
from router.serve.variants.policy import ContractTags, TenantPolicy
from router.serve.variants.settings import TenancySettings
from router.serve.variants.tenancy import Tenancy
from tests.router.harness import Federation, World
from tests.router.plan.test_random_queries import CATALOG, PEOPLE, PROGRESS, REVIEWS, SHIPPING, world

_CATALOG = {
    'type Film implements Item @key(fields: "id")': 'type Film implements Item @key(fields: "id") @tag(name: "film")',
    "size: Size sequel: Book": 'size: Size @tag(name: "internal") sequel: Book @tag(name: "internal") mood: Mood',
    "price(currency: String): String!": 'price(currency: String @tag(name: "money")): String! @tag(name: "price")',
    "union Thing": 'enum Mood { CALM WILD @tag(name: "internal") TIRED @tag(name: "mood") }\nunion Thing',
    "things: [Thing]!": "things: [Thing]! moods: [Mood] @shareable",
}
_PEOPLE = {
    "people: [Person!]!": 'people: [Person!]! @tag(name: "people")',
    "friends: [Person!]!": 'friends: [Person!]! @tag(name: "people")',
}
_REVIEWS = {
    "type Review ": 'type Review @tag(name: "review") ',
    "reviews: [Review!]!": 'reviews: [Review!]! @tag(name: "review")',
}
_PROGRESS = {"note: String": 'note: String @tag(name: "internal")'}

CONTRACTS: Mapping[str, ContractTags] = {
    "all": ContractTags(),
    "nothing internal": ContractTags(exclude=("internal",)),
    "no films": ContractTags(exclude=("film", "mood")),
    "no reviews": ContractTags(exclude=("review", "price"), hide_unreachable=True),
    "no people or money": ContractTags(exclude=("people", "money", "internal")),
    "hidden prices": ContractTags(exclude=("price", "internal", "film")),
}


def _tagged(sdl: str, changes: Mapping[str, str]) -> str:
    for plain, tagged in changes.items():
        assert plain in sdl
        sdl = sdl.replace(plain, tagged)
    return sdl.replace('"@shareable"', '"@shareable", "@tag"')


def _world() -> World:
    plain = world()
    moods = ["CALM", "WILD", "TIRED"]
    for book, mood in zip(plain.entities["Book"], moods, strict=True):
        book |= {"mood": mood}  # pyright: ignore[reportOperatorIssue, reportUnknownVariableType]  # a dictionary
    return World({"Query": {**plain.roots["Query"], "moods": moods}}, plain.entities)


def federation() -> Federation:
    """The graph; its composer has seen the tags."""
    subgraphs = {
        "catalog": _tagged(CATALOG, _CATALOG),
        "people": _tagged(PEOPLE, _PEOPLE),
        "reviews": _tagged(REVIEWS, _REVIEWS),
        "shipping": SHIPPING,
        "progress": _tagged(PROGRESS, _PROGRESS),
    }
    return Federation(subgraphs, _world())


def transports(graph: Federation) -> dict[str, InProcessTransport]:
    """To its subgraphs."""
    return {name: InProcessTransport(each.execute, each.subscribe) for name, each in graph.subgraphs.items()}


def engine_for(
    graph: Federation,
    policies: Mapping[str, TenantPolicy],
    *,
    limits: Limits | None = None,
    control: DemandControl | None = None,
    variants: int = 64,
) -> Engine:
    """An engine for tenants with these policies; there are no others, and who has no tenant sees everything."""

    async def policy_of(tenant: str | None, context: RequestContext) -> TenantPolicy | None:
        return TenantPolicy() if tenant is None else policies.get(tenant)

    tenancy = Tenancy(TenancySettings(variants=variants), policy_of=policy_of)
    return Engine.from_sdl(
        graph.supergraph_sdl, transports(graph), limits, defer=True, tenancy=tenancy, control=control
    )
