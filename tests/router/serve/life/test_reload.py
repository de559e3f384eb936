"""Another supergraph is taken into use without a failed request, and a bad one is not."""

import asyncio
import gc
import json
import logging
import weakref
from collections.abc import AsyncGenerator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web
from starlette.types import Receive, Scope, Send

from router.execute import InProcessTransport, Response
from router.serve import Access, Engine, GraphQLRequest, Refused, Tenancy
from router.serve.access.identity import Identity
from router.serve.config.model import SupergraphSource
from router.serve.demand.config import Demand, Per, Rate
from router.serve.demand.control import DemandControl
from router.serve.life.live import LiveEngine, Used
from router.serve.life.watching import UrlOrigin
from router.serve.request import ANYBODY, RequestContext
from router.serve.sources import SourceError, of_subgraphs, of_supergraph
from tests.patience import PATIENCE_SECONDS
from tests.router.serve.life.graphs import SDL, WITHOUT_BEATS, ask, describe, readiness, routing

TYPENAME = {"data": {"__typename": "Query"}}


class Closed(InProcessTransport):
    """A transport that knows whether it has been closed."""

    def __init__(self) -> None:
        super().__init__(Ticking().execute)
        self.is_closed = False

    async def aclose(self) -> None:
        self.is_closed = True


class TestFiles:
    async def test_a_file_that_is_replaced_is_taken(self, tmp_path: Path) -> None:
        path = describe(tmp_path / "subgraphs.json", SDL)
        async with routing(path) as router:
            assert "errors" in await ask(router, "{ __type(name: 1) { name } }")
            before = router.engine.schema
            describe(path, SDL, more="type Query { c: Int }")
            await router.reloader.reload()
            assert "c" not in before.query_type.fields  # pyright: ignore[reportOptionalMemberAccess]
            assert "c" in router.engine.schema.query_type.fields  # pyright: ignore[reportOptionalMemberAccess]
            assert await ask(router, "{ __typename }") == TYPENAME

    async def test_what_has_not_changed_is_not_read_again(self, tmp_path: Path) -> None:
        path = describe(tmp_path / "subgraphs.json", SDL)
        async with routing(path) as router:
            before = router.engine.current
            await router.reloader.reload()
            describe(path, SDL)
            await router.reloader.reload()
            assert router.engine.current is before

    @pytest.mark.parametrize("bad", ["type Query { a: Nothing }", "{", ""])
    async def test_a_bad_one_is_refused_and_the_old_one_stays(
        self, tmp_path: Path, caplog: pytest.LogCaptureFixture, bad: str
    ) -> None:
        path = describe(tmp_path / "subgraphs.json", SDL)
        async with routing(path) as router:
            before = router.engine.current
            describe(path, bad)
            with caplog.at_level(logging.ERROR):
                await router.reloader.reload()
            assert router.engine.current is before
            assert "SUPERGRAPH_REFUSED" in caplog.text
            assert (await readiness(router))["supergraph"]["lastReload"] == "refused"
            describe(path, WITHOUT_BEATS)
            await router.reloader.reload()
            told = (await readiness(router))["supergraph"]
            assert (told["reloads"], told["refused"], "lastReload" in told) == (1, 1, False)

    async def test_a_syntax_error_is_told_with_the_file_that_has_it(self, tmp_path: Path) -> None:
        path = tmp_path / "supergraph.graphql"
        for text, place in (("type Query {", f"{path}:1:13"), ("type Query { a: Int }", f"{path}: ")):
            path.write_text(text)
            with pytest.raises(SourceError) as caught:
                of_supergraph(path)
            assert place in str(caught.value)

    async def test_what_was_refused_is_tried_again_and_leaves_no_transports(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        path, made = describe(tmp_path / "subgraphs.json", SDL), list[Closed]()

        def build(urls: Mapping[str, str], *others: Any, **named: Any) -> dict[str, Closed]:
            made.append(Closed())
            return dict.fromkeys(urls, made[-1])

        def fail(*given: Any, **named: Any) -> Engine:
            raise MemoryError

        monkeypatch.setattr("router.serve.life.pools.build_transports", build)
        async with routing(path) as router:
            describe(path, SDL, "http://127.0.0.1:9/other")
            with monkeypatch.context() as patched:
                patched.setattr(Engine, "from_sdl", fail)
                await router.reloader.reload()
            assert (router.reloader.outcome.refused, [each.is_closed for each in made]) == (1, [False, True])
            await router.reloader.reload()
            assert (router.reloader.outcome.reloads, router.reloader.outcome.problem) == (1, None)
            assert [each.is_closed for each in made[1:]] == [True, False]

    async def test_it_looks_by_itself_now_and_then(self, tmp_path: Path) -> None:
        path = describe(tmp_path / "subgraphs.json", SDL)
        async with routing(path, "--poll", "0.01") as router:
            describe(path, WITHOUT_BEATS)
            async with asyncio.timeout(PATIENCE_SECONDS):
                while not router.reloader.outcome.reloads:  # noqa: ASYNC110  # nobody tells of it
                    await asyncio.sleep(0.01)

    async def test_it_looks_when_it_is_told_to(self, tmp_path: Path) -> None:
        path = describe(tmp_path / "subgraphs.json", SDL)
        async with routing(path) as router:
            describe(path, WITHOUT_BEATS)
            router.reloader.look_now()
            async with asyncio.timeout(PATIENCE_SECONDS):
                while not router.reloader.outcome.reloads:  # noqa: ASYNC110
                    await asyncio.sleep(0.01)

    async def test_it_goes_on_looking_after_an_error(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
    ) -> None:
        path = describe(tmp_path / "subgraphs.json", SDL)
        async with routing(path, "--poll", "0.01") as router:
            exchange = router.engine.exchange

            async def failing(*taken: Any) -> None:
                monkeypatch.setattr(router.engine, "exchange", exchange)
                raise OSError

            monkeypatch.setattr(router.engine, "exchange", failing)
            describe(path, WITHOUT_BEATS)
            async with asyncio.timeout(PATIENCE_SECONDS):
                while "SUPERGRAPH_RELOAD_FAILED" not in caplog.text:  # noqa: ASYNC110
                    await asyncio.sleep(0.01)
                describe(path, SDL, more="type Query { c: Int }")
                while not router.reloader.outcome.reloads:  # noqa: ASYNC110
                    await asyncio.sleep(0.01)


class TestWhatIsKept:
    async def test_transports_of_unchanged_subgraphs_are_kept_and_others_closed(self, tmp_path: Path) -> None:
        path = describe(tmp_path / "subgraphs.json", SDL, more="type Query { c: Int }")
        async with routing(path) as router:
            before = router.engine.generations[-1].transports
            describe(path, SDL, "http://127.0.0.1:9/other", more="type Query { c: Int }")
            await router.reloader.reload()
            describe(path, WITHOUT_BEATS, "http://127.0.0.1:9/other", more="type Query { c: Int }")
            middle = router.engine.generations[-1].transports
            await router.reloader.reload()
            after = router.engine.generations[-1].transports
            assert before["one"] is not middle["one"]
            assert middle == after

    async def test_operations_in_use_are_planned_before(self, tmp_path: Path) -> None:
        path = describe(tmp_path / "subgraphs.json", SDL)
        async with routing(path) as router:
            await ask(router, "{ __typename }")
            await ask(router, "{ b }")
            await ask(router, "{ missing }")
            describe(path, "type Query { a: Int }")
            await router.reloader.reload()
            assert [each.text for each in router.engine.current.recent(9)] == ["{ __typename }"]

    async def test_old_engines_are_freed(self, tmp_path: Path) -> None:
        path = describe(tmp_path / "subgraphs.json", SDL)
        async with routing(path) as router:
            old = [weakref.ref(router.engine.current)]
            for number in range(3):
                await ask(router, "{ __typename }")
                describe(path, f"type Query {{ a{number}: Int }}")
                await router.reloader.reload()
                old.append(weakref.ref(router.engine.current))
            gc.collect()
            assert [each() is None for each in old] == [True, True, True, False]
            assert len(router.engine.generations) == 1


class Ticking:
    """A subgraph whose subscriptions wait for what the test lets happen."""

    def __init__(self) -> None:
        self.happens = asyncio.Queue[int]()
        self.open = 0

    async def execute(self, query: str, variables: Any, name: str | None, headers: Mapping[str, str]) -> dict[str, Any]:
        return {"data": {"a": 1}}

    async def subscribe(
        self, query: str, variables: Any, name: str | None, headers: Mapping[str, str]
    ) -> AsyncGenerator[dict[str, Any]]:
        self.open += 1
        field = "beats" if "beats" in query else "ticks"
        try:
            while True:
                number = await self.happens.get()
                yield {"data": {field: number}, "extensions": {"cursor": f"c{number}"}}
        finally:
            self.open -= 1

    def transport(self) -> InProcessTransport:
        return InProcessTransport(self.execute, self.subscribe)


def engine_of(path: Path, ticking: Ticking) -> tuple[Engine, dict[str, InProcessTransport]]:
    transports = {"one": ticking.transport()}
    return Engine.from_sdl(of_subgraphs(path).supergraph_sdl, transports), transports


class TestStreams:
    """What runs is judged by the new schema."""

    async def begun(
        self, tmp_path: Path, query: str, context: RequestContext = ANYBODY, sdl: str = SDL
    ) -> tuple[LiveEngine, Ticking, AsyncGenerator[Response], asyncio.Task[Response]]:
        ticking = Ticking()
        engine = LiveEngine(*engine_of(describe(tmp_path / "s.json", sdl), ticking))
        stream = engine.subscribe(GraphQLRequest(query), context)
        first = asyncio.ensure_future(anext(stream))
        ticking.happens.put_nowait(1)
        await first
        waiting = asyncio.ensure_future(anext(stream))
        await asyncio.sleep(0)
        return engine, ticking, stream, waiting

    async def test_one_goes_on_whose_fields_are_still_there(self, tmp_path: Path) -> None:
        engine, ticking, stream, waiting = await self.begun(tmp_path, "subscription { ticks }")
        old = weakref.ref(engine.current)
        await engine.exchange(*engine_of(describe(tmp_path / "s.json", WITHOUT_BEATS), ticking))
        ticking.happens.put_nowait(2)
        assert (await waiting).data == {"ticks": 2}
        assert old() is not None, "it runs where it began"
        await stream.aclose()
        del stream, waiting
        gc.collect()
        assert old() is None
        assert ticking.open == 0

    @pytest.mark.parametrize("waits", [True, False], ids=["waiting", "reading slowly"])
    async def test_one_ends_whose_fields_are_gone_and_tells_where_it_was(self, tmp_path: Path, *, waits: bool) -> None:
        engine, ticking, stream, waiting = await self.begun(tmp_path, "subscription { beats }")
        if not waits:
            ticking.happens.put_nowait(2)
            await waiting
        await engine.exchange(*engine_of(describe(tmp_path / "s.json", WITHOUT_BEATS), ticking))
        with pytest.raises(Refused) as caught:
            await (waiting if waits else anext(stream))
        assert caught.value.errors[0]["extensions"] == {
            "code": "SUBSCRIPTION_SCHEMA_RELOAD",
            "cursor": "c1" if waits else "c2",
        }
        await stream.aclose()
        assert ticking.open == 0

    async def test_one_ends_whose_caller_may_not_see_it_any_more(self, tmp_path: Path) -> None:
        link = 'extend schema @link(url: "https://specs.apollo.dev/federation/v2.5", import: ["@authenticated"])'
        guarded = f"{link} {SDL.replace('ticks: Int!', 'ticks: Int! @authenticated')}"
        somebody = RequestContext(identity=Identity("somebody", None))
        for context, goes_on in ((ANYBODY, False), (somebody, True)):
            engine, ticking, stream, waiting = await self.begun(tmp_path, "subscription { ticks }", context)
            await engine.exchange(*engine_of(describe(tmp_path / "s.json", guarded), ticking))
            ticking.happens.put_nowait(2)
            if goes_on:
                assert (await waiting).data == {"ticks": 2}
            else:
                with pytest.raises(Refused):
                    await waiting
            await stream.aclose()

    async def test_one_ends_however_little_its_caller_has_left_to_spend(self, tmp_path: Path) -> None:
        link = 'extend schema @link(url: "https://specs.apollo.dev/federation/v2.5", import: ["@authenticated"])'
        guarded = f"{link} {SDL.replace('ticks: Int!', 'ticks: Int! @authenticated')}"
        control = DemandControl(Demand(rates=(Rate("few", 1, 3_600, per=Per.EVERYBODY),)))
        await control.admit(ANYBODY, 1)
        engine, ticking, stream, waiting = await self.begun(tmp_path, "subscription { ticks }")
        transports = {"one": ticking.transport()}
        supergraph = of_subgraphs(describe(tmp_path / "s.json", guarded)).supergraph_sdl
        await engine.exchange(Engine.from_sdl(supergraph, transports, control=control), transports)
        with pytest.raises(Refused):
            await waiting
        await stream.aclose()

    async def test_one_goes_on_while_nobody_tells_what_its_caller_may_see(
        self, tmp_path: Path, caplog: pytest.LogCaptureFixture
    ) -> None:
        link = 'extend schema @link(url: "https://specs.apollo.dev/federation/v2.9", import: ["@policy"])'
        guarded = f"{link} " + SDL.replace("ticks: Int!", 'ticks: Int! @policy(policies: [["p"]])')

        async def policies(names: Any, context: RequestContext) -> Any:
            raise ConnectionError

        engine, ticking, stream, waiting = await self.begun(tmp_path, "subscription { ticks }")
        transports = {"one": ticking.transport()}
        supergraph = of_subgraphs(describe(tmp_path / "s.json", guarded)).supergraph_sdl
        after = Engine.from_sdl(supergraph, transports, access=Access(policies=policies))
        await engine.exchange(after, transports)
        assert engine.current is after
        assert "SUBSCRIPTION_NOT_JUDGED" in caplog.text
        ticking.happens.put_nowait(2)
        assert (await waiting).data == {"ticks": 2}
        await stream.aclose()

    async def test_one_holds_no_engine_but_its_own(self, tmp_path: Path) -> None:
        engine, ticking, stream, waiting = await self.begun(tmp_path, "subscription { ticks }")
        own = engine.current
        for _ in range(3):
            await engine.exchange(*engine_of(describe(tmp_path / "s.json", WITHOUT_BEATS), ticking))
            assert [each.engine for each in engine.generations] == [own, engine.current]
        ticking.happens.put_nowait(2)
        assert (await waiting).data == {"ticks": 2}
        await stream.aclose()
        assert [each.engine for each in engine.generations] == [engine.current]

    async def test_a_request_stays_with_the_engine_that_it_began_with(self, tmp_path: Path) -> None:
        ticking = Ticking()
        engine = LiveEngine(*engine_of(describe(tmp_path / "s.json", SDL), ticking))
        own = engine.current

        async def app(scope: Scope, receive: Receive, send: Send) -> None:
            for _ in range(2):
                await engine.exchange(*engine_of(describe(tmp_path / "s.json", WITHOUT_BEATS), ticking))
            assert (await engine.prepare(GraphQLRequest("{ a }"))).schema is own.schema
            assert [each.engine for each in engine.generations] == [own, engine.current]

        await Used(engine, app)({}, asyncio.Queue[Any]().get, asyncio.Queue[Any]().put)
        assert (await engine.prepare(GraphQLRequest("{ a }"))).schema is engine.current.schema
        assert [each.engine for each in engine.generations] == [engine.current]

    async def test_its_tenant_is_admitted(self, tmp_path: Path) -> None:
        transports = {"one": Ticking().transport()}
        supergraph = of_subgraphs(describe(tmp_path / "s.json", SDL)).supergraph_sdl
        engine = LiveEngine(Engine.from_sdl(supergraph, transports, tenancy=Tenancy()), transports)
        somebody = RequestContext(identity=Identity("somebody", "a"))
        answers = [each.data async for each in engine.subscribe(GraphQLRequest("{ __typename }"), somebody)]
        assert answers == [{"__typename": "Query"}]

    async def test_a_cancelled_one_is_just_cancelled(self, tmp_path: Path) -> None:
        _, ticking, stream, waiting = await self.begun(tmp_path, "subscription { ticks }")
        waiting.cancel()
        await asyncio.wait({waiting})
        assert waiting.cancelled()
        await stream.aclose()
        assert ticking.open == 0


class Registry:
    """Answers what the test sets."""

    def __init__(self) -> None:
        self.text = ""
        self.tag = '"first"'
        self.status = 200
        self.asked: list[Mapping[str, str]] = []

    async def answer(self, request: web.Request) -> web.Response:
        self.asked.append(request.headers)
        if request.headers.get("if-none-match") == self.tag and self.status == 200:
            return web.Response(status=304)
        return web.Response(text=self.text, status=self.status, headers={"etag": self.tag})


@asynccontextmanager
async def served(registry: Registry) -> AsyncGenerator[str]:
    """The URL of a registry."""
    app = web.Application()
    app.router.add_get("/", registry.answer)
    runner = web.AppRunner(app)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    try:
        yield f"http://127.0.0.1:{runner.addresses[0][1]}/"
    finally:
        await runner.cleanup()


class TestRegistry:
    async def test_it_is_asked_for_what_is_new(self, tmp_path: Path) -> None:
        registry = Registry()
        registry.text = describe(tmp_path / "s.json", SDL).read_text()
        async with served(registry) as url:
            origin = UrlOrigin(SupergraphSource(url=url, token="secret"))
            first = await origin.look()
            assert first is not None
            assert registry.asked[0]["authorization"] == "Bearer secret"
            assert await origin.look() is None
            registry.tag = '"other"'
            assert await origin.look() is None, "it is the same, whatever its tag"
            registry.tag = '"third"'
            registry.text = f'{{"id": "7", "supergraphSdl": {json.dumps(first.supergraph_sdl)}}}'
            again = await origin.look()
            assert again is not None
            assert again.id == first.id
            origin.forget()
            forgotten = await origin.look()
            assert forgotten is not None
            assert forgotten.id == first.id
            await origin.aclose()

    @pytest.mark.parametrize(
        ("text", "status"), [("", 500), ("", 302), ("{", 200), ("{}", 200), ("x" * 200, 200)], ids=repr
    )
    async def test_what_is_no_supergraph_is_refused(self, text: str, status: int) -> None:
        registry = Registry()
        registry.text, registry.status = text, status
        async with served(registry) as url:
            origin = UrlOrigin(SupergraphSource(url=url, most_bytes=100))
            with pytest.raises(SourceError):
                await origin.look()
            await origin.aclose()
