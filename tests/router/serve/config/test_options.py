"""Options say single keys, and the defaults are those of the library."""

from pathlib import Path

import pytest

from router.__main__ import main
from router.execute import Subscriptions
from router.serve.access.enforcement import Access
from router.serve.access.tokens import TrustedIssuer
from router.serve.commands import router_of
from router.serve.config.model import RouterConfig, SupergraphSource
from router.serve.config.nodes import ConfigurationError
from router.serve.demand.config import Demand, Per, Rate, Unit
from router.serve.http.config import Compression, Cors, CrossSite, HttpPolicy, Uploads
from router.serve.limits import Limits
from router.serve.persisted import ManifestError
from router.serve.streams.settings import Overflow, StreamSettings
from router.serve.traffic import Breaking, Concurrency, Hedging, Retries, SubgraphTraffic, Traffic, TrafficConfig
from tests.router.serve.config.configured import configured


def test_without_options_everything_is_as_usual() -> None:
    assert configured() == RouterConfig(SupergraphSource(Path("supergraph.graphql")))
    assert Access() == Access(reject=configured().access.reject)


def test_where_to_listen() -> None:
    listen = configured("--host", "::1", "--port", "4321").listen
    assert (listen.host, listen.port) == ("::1", 4321)


def test_what_clients_may_do_over_http() -> None:
    found = configured(
        *("--cors-origin", "https://a.example", "--cors-origin", "https://b.example", "--cors-credentials"),
        *("--csrf-prevention", "strict", "--allowed-host", "api.example", "--no-compression"),
        *("--batch", "5", "--uploads"),
    )
    assert found.http == HttpPolicy(
        cross_site=CrossSite(strict=True),
        cors=Cors(("https://a.example", "https://b.example"), credentials=True),
        compression=None,
        hosts=("api.example",),
        batch=5,
        uploads=Uploads(),
    )
    assert configured("--csrf-prevention", "off").http == HttpPolicy(cross_site=None, compression=Compression())


def test_whose_tokens_are_accepted() -> None:
    found = configured(
        *("--jwks", "keys.json", "--issuer", "i", "--audience", "a", "--audience", "b", "--tenant-claim", "org"),
        *("--algorithm", "ES256", "--token-type", "jwt", "--require-token", "--reject-unauthorized", "--forward", "x"),
    ).access
    assert found.tokens is not None
    issuer = TrustedIssuer("i", "keys.json", ("a", "b"), ("ES256",), ("jwt",), tenant_claim="org")
    assert (found.tokens.issuers, found.tokens.anonymous, found.reject) == ((issuer,), False, True)
    assert found.forward == ("x",)


def test_what_operations_may_cost() -> None:
    found = configured(
        *("--operation-cost", "50", "--list-size", "3", "--measure-cost", "--tell-cost", "--dry-run-header", "dry"),
        *("--rate-redis", "redis://h", "--rate", "a=5/60", "--rate", "b-c=7/1:cost", "--rate", "d=9/2:cost:address"),
    )
    rates = (Rate("a", 5, 60), Rate("b-c", 7, 1, Unit.COST), Rate("d", 9, 2, Unit.COST, Per.ADDRESS))
    assert found.demand == Demand(
        operation_cost=50,
        list_size=3,
        measured=True,
        told=True,
        dry_run_header="dry",
        rates=rates,
        redis_url="redis://h",
    )


def test_limits_are_named() -> None:
    found = configured("--limit", "aliases=5", "--limit", "planning-seconds=1.5", "--no-introspection").limits
    assert found == Limits(aliases=5, planning_seconds=1.5, introspection=False)


def test_how_streams_behave() -> None:
    given = (
        "--slow-readers drop-oldest --stream-queue 5 --keep-alive 2 --client-streams 0 --tenant-streams 9 --no-defer"
    )
    found = configured(*given.split())
    assert not found.defer
    assert found.streams == StreamSettings(
        overflow=Overflow.DROP_OLDEST, queue=5, keep_alive_seconds=2.0, client_streams=None, tenant_streams=9
    )


def test_how_subgraphs_are_asked() -> None:
    found = configured(
        *("--timeout", "5", "--replica", "a=http://b", "--replica", "a=http://c", "--concurrency", "3"),
        *("--hedge", "0.2", "--deadline-header", "", "--no-sharing", "--no-retries", "--no-tracing"),
        *("--subscription", "a=sse"),
    )
    own = SubgraphTraffic(("http://b", "http://c"), subscriptions=Subscriptions.SSE)
    assert found.traffic == TrafficConfig(
        Traffic(
            timeout_seconds=5,
            sharing=False,
            deadline_header=None,
            tracing=False,
            retries=None,
            hedging=Hedging(0.2),
            concurrency=Concurrency(3),
        ),
        subgraphs={"a": own},
    )
    assert configured("--hedge", "auto").traffic.all.hedging == Hedging()
    assert TrafficConfig().all == Traffic(retries=Retries(), breaking=Breaking())


@pytest.mark.parametrize(
    "given",
    [
        ("--cors-credentials",),
        ("--cors-origin", "*", "--cors-credentials"),
        ("--require-token",),
        ("--issuer", "i"),
        ("--jwks", "f"),
        ("--jwks", "f", "--issuer", "i"),
        ("--jwks", "f", "--issuer", "i", "--audience", "a", "--algorithm", "none"),
        ("--rate", "a=0/1"),
        ("--rate", "a=1/0"),
        ("--rate", "a=1/1:what"),
        ("--rate", "a=1/1:cost:who"),
        ("--rate", "a=1/1", "--rate", "a=2/2"),
        ("--rate-redis", "http://h"),
        ("--limit", "aliases=x"),
        ("--limit", "aliases=1.5"),
        ("--limit", "what=1"),
        ("--limit", "introspection=1"),
        ("--stream-queue", "0"),
        ("--subscription", "a=pigeon"),
        ("--hedge", "soon"),
        ("--port", "65536"),
    ],
    ids=" ".join,
)
def test_what_cannot_be_is_refused(given: tuple[str, ...]) -> None:
    with pytest.raises(ConfigurationError):
        configured(*given)


@pytest.mark.parametrize(
    "given",
    [("--rate", "a"), ("--rate", "a b=1/1"), ("--limit", "aliases"), ("--replica", "a"), ("--safelist", "some")],
    ids=" ".join,
)
def test_what_no_option_can_be_is_refused(given: tuple[str, ...]) -> None:
    with pytest.raises(SystemExit):
        configured(*given)


async def test_a_safelist_needs_documents(tmp_path: Path) -> None:
    (tmp_path / "relay.json").write_text('{"a": "{ a }"}')
    supergraph = tmp_path / "subgraphs.json"
    supergraph.write_text('[{"name": "a", "url": "http://a", "sdl": "type Query { a: Int }"}]')
    given = ("--subgraphs", str(supergraph), "--safelist", "ids")
    await router_of(configured(*given, "--persisted", str(tmp_path / "relay.json"), supergraph=None))
    with pytest.raises(ManifestError, match="--persisted"):
        await router_of(configured(*given, supergraph=None))


@pytest.mark.parametrize(
    "given",
    [["--cors-origin", "*", "--cors-credentials"], ["--persisted", "missing.json"], ["--require-token"]],
    ids=" ".join,
)
def test_the_command_says_what_is_wrong(given: list[str], tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    subgraphs = tmp_path / "subgraphs.json"
    subgraphs.write_text('[{"name": "a", "url": "http://a", "sdl": "type Query { a: Int }"}]')
    assert main(["serve", "--subgraphs", str(subgraphs), *given]) == 1
    assert capsys.readouterr().err.count("\n") == 1


def test_the_command_prints_what_it_would_run_with(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["serve", "--supergraph", "s", "--print-config", "--rate-redis", "redis://a:hunter2@h"]) == 0
    printed = capsys.readouterr().out
    assert "hunter2" not in printed
    assert "redis_url: '********'" in printed


def test_urls_are_printed_without_the_values_in_their_queries(capsys: pytest.CaptureFixture[str]) -> None:
    url = "https://ada:hunter2@registry.example/graph?token=c4n4ry&a=b=c4n4ry#part"
    assert main(["serve", "--supergraph-url", url, "--replica", "a=http://b/?c4n4ry", "--print-config"]) == 0
    printed = capsys.readouterr().out
    assert "https://********@registry.example/graph?token=********&a=********#part" in printed
    assert "http://b/?********" in printed
    assert "c4n4ry" not in printed
