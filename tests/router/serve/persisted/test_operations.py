"""Clients name documents, and nobody gets another one executed under a name than the one it stands for."""

import json
import logging
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, TypeAlias

import pytest

from router.serve import Engine, GraphQLRequest, Identity, RequestContext
from router.serve.persisted import PersistedOperations, PersistedPolicy, Safelist, Trusted
from router.serve.persisted.automatic import hash_of
from router.serve.telemetry.telemetry import Telemetry
from tests.router.serve.library import LibrarySubgraph, library_engine

TEXT = "query Who { whoami }"
HASH = hash_of(TEXT)
ANYBODY = RequestContext()
WHO = {"data": {"whoami": None}}

MakeEngine: TypeAlias = Callable[..., Engine]


def by_hash(hash_: Any, query: str = "", version: Any = 1) -> GraphQLRequest:
    return GraphQLRequest(query, extensions={"persistedQuery": {"version": version, "sha256Hash": hash_}})


def by_id(id_: str, query: str = "") -> GraphQLRequest:
    return GraphQLRequest(query, document_id=id_)


async def answer(engine: Engine, request: GraphQLRequest, context: RequestContext = ANYBODY) -> Any:
    """The data, or the code of the only error."""
    response = await engine.execute(request, context)
    payload = response.as_json()
    return payload["errors"][0]["extensions"]["code"] if "errors" in payload else payload


@pytest.fixture
def engine_with(tmp_path: Path) -> MakeEngine:
    def engine_with(
        policy: PersistedPolicy | None = None,
        documents: Mapping[str, str] | None = None,
        safelist: Safelist = Safelist.OFF,
        trusted: Trusted | None = None,
    ) -> Engine:
        manifest = tmp_path / "manifest.json"
        manifest.write_text(json.dumps(documents or {}))
        persisted = PersistedOperations(
            policy or PersistedPolicy(manifests=(manifest,), safelist=safelist), trusted=trusted
        )
        return library_engine(LibrarySubgraph(), persisted=persisted)

    return engine_with


class TestAutomatic:
    async def test_a_document_is_sent_once(self, engine_with: MakeEngine) -> None:
        engine = engine_with()
        assert await answer(engine, by_hash(HASH)) == "PERSISTED_QUERY_NOT_FOUND"
        assert await answer(engine, by_hash(HASH, TEXT)) == WHO
        assert await answer(engine, by_hash(HASH)) == WHO

    async def test_clients_know_by_the_message_what_to_do(self, engine_with: MakeEngine) -> None:
        response = await engine_with().execute(by_hash(HASH), ANYBODY)
        assert [error["message"] for error in response.errors] == ["PersistedQueryNotFound"]

    async def test_a_document_cannot_take_anothers_name(self, engine_with: MakeEngine) -> None:
        engine = engine_with()
        assert await answer(engine, by_hash(HASH, "{ slow }")) == "PERSISTED_QUERY_HASH_MISMATCH"
        assert await answer(engine, by_hash(HASH)) == "PERSISTED_QUERY_NOT_FOUND"
        assert await answer(engine, by_hash(HASH, TEXT)) == WHO
        assert await answer(engine, by_hash(HASH, "{ slow }")) == "PERSISTED_QUERY_HASH_MISMATCH"
        assert await answer(engine, by_hash(HASH)) == WHO

    @pytest.mark.parametrize("text", ["{ nothing }", "{", "{ whoami } #" + "x" * 10])
    async def test_only_valid_documents_are_kept(self, engine_with: MakeEngine, text: str) -> None:
        engine = engine_with()
        first = await answer(engine, by_hash(hash_of(text), text))
        again = await answer(engine, by_hash(hash_of(text)))
        assert again == (WHO if first == WHO else "PERSISTED_QUERY_NOT_FOUND")

    @pytest.mark.parametrize(
        "extension",
        [
            {"persistedQuery": {"version": 2, "sha256Hash": HASH}},
            {"persistedQuery": {"version": 1}},
            {"persistedQuery": {"version": 1, "sha256Hash": 1}},
            {"persistedQuery": {"version": 1, "sha256Hash": ""}},
            {"persistedQuery": "x"},
            {"persistedQuery": []},
        ],
    )
    async def test_other_extensions_of_that_name_are_refused(self, engine_with: MakeEngine, extension: Any) -> None:
        assert await answer(engine_with(), GraphQLRequest(TEXT, extensions=extension)) == "BAD_REQUEST"

    @pytest.mark.parametrize("hash_", [HASH.upper(), "x", "0" * 100_000])
    async def test_what_is_no_hash_is_not_looked_for(self, engine_with: MakeEngine, hash_: str) -> None:
        assert await answer(engine_with(), by_hash(hash_)) == "PERSISTED_QUERY_NOT_FOUND"
        assert await answer(engine_with(), by_hash(hash_, TEXT)) == "PERSISTED_QUERY_HASH_MISMATCH"

    async def test_half_a_character_has_no_hash(self, engine_with: MakeEngine) -> None:
        assert await answer(engine_with(), by_hash(HASH, '{ a(b: "\ud800") }')) == "PERSISTED_QUERY_HASH_MISMATCH"

    @pytest.mark.parametrize("configured", [True, False])
    async def test_it_can_be_left_out(self, engine_with: MakeEngine, configured: bool) -> None:  # noqa: FBT001
        off = PersistedPolicy(automatic=False)
        engine = engine_with(off) if configured else library_engine(LibrarySubgraph())
        assert await answer(engine, by_hash(HASH, TEXT)) == WHO
        assert await answer(engine, by_hash(HASH)) == "PERSISTED_QUERY_NOT_SUPPORTED"


class TestTrusted:
    async def test_a_document_is_named_by_its_id(self, engine_with: MakeEngine) -> None:
        engine = engine_with(documents={"who": TEXT})
        assert await answer(engine, by_id("who")) == WHO
        assert await answer(engine, by_hash("who")) == WHO
        assert await answer(engine, by_id("who", TEXT)) == WHO
        assert await answer(engine, GraphQLRequest("{ slow }")) == {"data": {"slow": "done"}}

    async def test_an_id_stands_for_its_document_alone(self, engine_with: MakeEngine) -> None:
        engine = engine_with(documents={"who": TEXT, HASH: TEXT})
        assert await answer(engine, by_id("who", "{ slow }")) == "PERSISTED_QUERY_HASH_MISMATCH"
        assert await answer(engine, by_hash(HASH, "{ slow }")) == "PERSISTED_QUERY_HASH_MISMATCH"

    @pytest.mark.parametrize("id_", ["nobody", "x" * 1_000_000])
    async def test_an_unknown_id_is_refused(self, engine_with: MakeEngine, id_: str) -> None:
        assert await answer(engine_with(documents={"who": TEXT}), by_id(id_)) == "PERSISTED_QUERY_NOT_IN_LIST"

    async def test_a_document_that_is_no_longer_valid_says_so(self, engine_with: MakeEngine) -> None:
        engine = engine_with(documents={"old": "{ nothing }", "broken": "{"})
        assert await answer(engine, by_id("old")) == "GRAPHQL_VALIDATION_FAILED"
        assert await answer(engine, by_id("broken")) == "GRAPHQL_PARSE_FAILED"

    async def test_who_asks_decides_which_documents_there_are(self, engine_with: MakeEngine) -> None:
        class OfTenants:
            async def text(self, id: str, context: RequestContext) -> str | None:
                return TEXT if context.principal == "a" else None

            async def holds(self, text: str, context: RequestContext) -> bool:
                return context.principal == "a"

        policy = PersistedPolicy(safelist=Safelist.DOCUMENTS)
        engine = engine_with(policy, trusted=OfTenants())
        mine, other = RequestContext(principal="a"), RequestContext(principal="b")
        assert await answer(engine, by_id("who"), mine) == WHO
        assert await answer(engine, by_id("who"), other) == "PERSISTED_QUERY_NOT_IN_LIST"
        assert await answer(engine, GraphQLRequest(TEXT), mine) == WHO
        assert await answer(engine, GraphQLRequest(TEXT), other) == "QUERY_NOT_IN_SAFELIST"


class TestSafelist:
    async def test_only_trusted_documents_are_executed(self, engine_with: MakeEngine) -> None:
        engine = engine_with(documents={"who": TEXT}, safelist=Safelist.DOCUMENTS)
        assert await answer(engine, by_id("who")) == WHO
        assert await answer(engine, GraphQLRequest(TEXT)) == WHO
        assert await answer(engine, GraphQLRequest("{ slow }")) == "QUERY_NOT_IN_SAFELIST"
        assert await answer(engine, GraphQLRequest("{")) == "QUERY_NOT_IN_SAFELIST"
        assert await answer(engine, GraphQLRequest("{ __schema { queryType { name } } }")) == "QUERY_NOT_IN_SAFELIST"

    async def test_spaces_and_comments_do_not_matter(self, engine_with: MakeEngine) -> None:
        engine = engine_with(documents={"who": TEXT}, safelist=Safelist.DOCUMENTS)
        assert await answer(engine, GraphQLRequest("query Who {\n  whoami # me\n}")) == WHO

    @pytest.mark.parametrize("text", [TEXT + " " * 1_000_000, "query Who { whoami slow }", "query who { whoami }"])
    async def test_everything_else_does(self, engine_with: MakeEngine, text: str) -> None:
        engine = engine_with(documents={"who": TEXT}, safelist=Safelist.DOCUMENTS)
        assert await answer(engine, GraphQLRequest(text)) == "QUERY_NOT_IN_SAFELIST"

    @pytest.mark.parametrize("safelist", [Safelist.DOCUMENTS, Safelist.IDS])
    async def test_nothing_can_be_registered(self, engine_with: MakeEngine, safelist: Safelist) -> None:
        engine = engine_with(documents={"who": TEXT}, safelist=safelist)
        text = "{ slow }"
        code = "QUERY_NOT_IN_SAFELIST" if safelist is Safelist.DOCUMENTS else "PERSISTED_QUERY_ID_REQUIRED"
        assert await answer(engine, by_hash(hash_of(text), text)) == code
        assert await answer(engine, by_hash(hash_of(text))) == "PERSISTED_QUERY_NOT_IN_LIST"
        assert await answer(engine, by_hash(HASH, text)) == "PERSISTED_QUERY_HASH_MISMATCH"
        assert await answer(engine, by_hash("who", text)) == "PERSISTED_QUERY_HASH_MISMATCH"

    async def test_texts_may_be_refused_altogether(self, engine_with: MakeEngine) -> None:
        engine = engine_with(documents={"who": TEXT}, safelist=Safelist.IDS)
        assert await answer(engine, by_id("who")) == WHO
        assert await answer(engine, GraphQLRequest(TEXT)) == "PERSISTED_QUERY_ID_REQUIRED"

    async def test_others_may_be_logged_only(self, engine_with: MakeEngine, caplog: pytest.LogCaptureFixture) -> None:
        engine = engine_with(documents={"who": TEXT}, safelist=Safelist.LOG)
        with caplog.at_level(logging.WARNING):
            assert await answer(engine, GraphQLRequest(TEXT)) == WHO
            assert not caplog.records
            secret = GraphQLRequest('query Mine { book(id: "secret") { id } }', "Mine")
            ada = RequestContext(identity=Identity("ada", "acme", "mobile-app"))
            with Telemetry().connection([(b"apollographql-client-name", b"shop"), (b"x", b"y")], "http"):
                assert await answer(engine, secret, ada) == {"data": {"book": {"id": "secret"}}}
        (record,) = caplog.records
        told = record.getMessage()
        assert all(each in told for each in ("'Mine'", "'shop'", "'mobile-app'", "'acme'"))
        assert "secret" not in told

    async def test_streams_are_held_to_it_too(self, engine_with: MakeEngine) -> None:
        engine = engine_with(documents={"ticks": "subscription { ticks(upTo: 1) }"}, safelist=Safelist.IDS)
        events = [each.data async for each in engine.subscribe(by_id("ticks"), ANYBODY)]
        assert events == [{"ticks": 0}]
        response = await engine.execute_incrementally(GraphQLRequest(TEXT), ANYBODY)
        assert response.initial.errors[0]["extensions"]["code"] == "PERSISTED_QUERY_ID_REQUIRED"
