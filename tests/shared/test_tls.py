"""Connections to servers verify whom they reach."""

import ssl
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager, nullcontext
from pathlib import Path

import pytest
import sqlalchemy as sa
from aiohttp import web
from aiohttp.test_utils import TestServer
from aiohttp.typedefs import Handler
from pydantic import SecretStr, ValidationError

from shared.database import connect, read_url
from shared.errors import Unavailable
from shared.search.elasticsearch import ElasticsearchSearch
from shared.tls import is_verified, without_authorities, without_tls_words
from shared.vectors.pinecone import PineconeVectors
from studium.embedded import CannotStart
from studium.master_key import MasterKeySettings, create_master_key
from studium.settings import StudiumSettings
from tests.servers import Servers
from tests.shared.tls_proxy import certificate, tls_in_front_of
from tests.tenants import Tenant


class TestPostgreSQL:
    @pytest.fixture
    async def pem(self, tmp_path: Path) -> Path:
        """The certificate of the server that is reached."""
        return certificate(tmp_path, "127.0.0.1")

    @pytest.fixture
    async def url(self, servers: Servers, pem: Path) -> AsyncGenerator[sa.URL]:
        """A server with TLS."""
        plain = read_url(servers.database)
        async with tls_in_front_of(plain.port or 0, pem) as port:
            yield plain.set(port=port)

    async def test_a_server_that_proves_who_it_is_is_used(self, url: sa.URL, pem: Path) -> None:
        engine = connect(url.update_query_dict({"sslmode": "verify-full", "sslrootcert": str(pem)}), pool_size=1)
        async with engine.connect() as connection:
            assert await connection.scalar(sa.select(1)) == 1
        await engine.dispose()

    async def test_one_whose_authority_is_not_known_is_not(self, url: sa.URL) -> None:
        engine = connect(url.update_query_dict({"sslmode": "verify-full"}), pool_size=1)
        with pytest.raises(ssl.SSLCertVerificationError, match="self-signed"):
            await engine.connect()
        await engine.dispose()

    async def test_one_that_proves_to_be_another_is_not(self, servers: Servers, tmp_path: Path) -> None:
        plain, pem = read_url(servers.database), certificate(tmp_path, "127.0.0.2")
        async with tls_in_front_of(plain.port or 0, pem) as port:
            trusting = {"sslmode": "verify-full", "sslrootcert": str(pem)}
            engine = connect(plain.set(port=port).update_query_dict(trusting), pool_size=1)
            with pytest.raises(ssl.SSLCertVerificationError, match="IP address mismatch"):
                await engine.connect()
            await engine.dispose()

    def test_what_the_url_says_of_tls_is_not_told_to_the_driver_twice(self, pem: Path) -> None:
        url, arguments = without_tls_words(sa.make_url(f"postgresql://h/d?sslmode=verify-ca&sslrootcert={pem}"))
        assert not url.query
        assert (arguments["ssl"].verify_mode, arguments["ssl"].check_hostname) == (ssl.CERT_REQUIRED, False)
        assert without_tls_words(sa.make_url("postgresql://h/d?sslmode=disable"))[1] == {"ssl": False}
        assert without_tls_words(sa.make_url("postgresql://h/d"))[1] == {}

    @pytest.mark.parametrize("query", ["sslmode=prefer", "sslrootcert=nowhere.pem"])
    def test_words_that_do_not_do_what_they_say_are_refused(self, query: str) -> None:
        with pytest.raises(ValueError, match=r"sslmode|TLS settings"):
            without_tls_words(sa.make_url(f"postgresql://h/d?{query}"))


@asynccontextmanager
async def serving(folder: Path, answer: Handler) -> AsyncGenerator[tuple[str, Path]]:
    """A server with a certificate that no public authority knows: its URL, and the certificate."""
    pem, context = certificate(folder, "127.0.0.1"), ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(pem)
    app = web.Application()
    app.router.add_route("*", "/{path:.*}", answer)
    server = TestServer(app)
    await server.start_server(ssl=context)
    try:
        yield str(server.make_url("/")), pem
    finally:
        await server.close()


class TestElasticsearch:
    async def test_a_cluster_with_an_authority_of_its_own_is_used_if_that_is_named(
        self, tenant: Tenant, tmp_path: Path
    ) -> None:
        async with serving(tmp_path, _as_elasticsearch) as (url, pem):
            trusting, doubting = [
                ElasticsearchSearch(SecretStr(f"{url}{query}"), name="tests") for query in (f"?ca_certs={pem}", "")
            ]
            assert await trusting.is_built(tenant.caller())
            with pytest.raises(Unavailable):
                await doubting.is_built(tenant.caller())
            for each in (trusting, doubting):
                await each.aclose()

    def test_nothing_else_of_the_url_changes(self) -> None:
        assert without_authorities("https://a:b@h:9200/x?ca_certs=/c.pem&y=1") == ("https://a:b@h:9200/x?y=1", "/c.pem")
        assert without_authorities("http://h:9200") == ("http://h:9200", None)


class TestPinecone:
    async def test_an_index_with_an_authority_of_its_own_is_used_if_that_is_named(self, tmp_path: Path) -> None:
        key = SecretStr("key")
        async with serving(tmp_path, _as_pinecone) as (url, pem):
            trusting, doubting = [
                PineconeVectors(SecretStr(f"{url}{query}"), api_key=key) for query in (f"?ca_certs={pem}", "")
            ]
            await trusting.ping()
            with pytest.raises(Unavailable):
                await doubting.ping()
            for each in (trusting, doubting):
                await each.aclose()

    def test_authorities_that_are_not_there_are_told_at_once(self) -> None:
        with pytest.raises(ValueError, match="authorities"):
            PineconeVectors(SecretStr("https://h?ca_certs=nowhere.pem"), api_key=SecretStr("key"))


async def _as_pinecone(_: web.Request) -> web.Response:
    return web.json_response({"namespaces": {}, "dimension": 3, "indexFullness": 0, "totalVectorCount": 0})


async def _as_elasticsearch(_: web.Request) -> web.Response:
    return web.Response(headers={"X-Elastic-Product": "Elasticsearch"})


@pytest.mark.parametrize(
    ("url", "verified"),
    [
        ("postgresql://h/d?sslmode=verify-full", True),
        ("postgresql://h/d?sslmode=require", False),
        ("postgresql://h/d", False),
        ("mongodb://h/?tls=true&tlsCAFile=ca.pem", True),
        ("mongodb+srv://h/", True),
        ("mongodb://h/?tls=true&tlsAllowInvalidCertificates=true", False),
        ("mongodb://h/", False),
        ("rediss://h", True),
        ("rediss://h?ssl_cert_reqs=none", False),
        ("rediss://h?ssl_check_hostname=false", False),
        ("redis://h", False),
        ("unix:///run/redis.sock", True),
        ("https://h", True),
        ("http://h", False),
    ],
)
def test_a_url_tells_whether_its_server_is_verified(url: str, verified: bool) -> None:  # noqa: FBT001 - a parameter
    assert is_verified(url) is verified


def test_servers_that_are_not_verified_are_refused_where_that_is_required() -> None:
    loose = {"database_url": "postgresql://u:canary@h/d", "redis_url": "rediss://h", "mongo_url": "mongodb://h"}
    with pytest.raises(ValidationError) as refused:
        StudiumSettings.model_validate({**loose, "require_tls": True})
    assert "STUDIUM_DATABASE_URL, STUDIUM_MONGO_URL" in str(refused.value)
    assert "canary" not in str(refused.value)
    assert not StudiumSettings.model_validate(loose).require_tls


@pytest.mark.parametrize(("host", "verified"), [("db:5432", False), ("db:5432?sslmode=verify-full", True)])
def test_so_are_databases_of_which_the_host_alone_is_given(host: str, verified: bool) -> None:  # noqa: FBT001 - a parameter
    given = {"database_host": host, "require_tls": True}
    with nullcontext() if verified else pytest.raises(ValidationError, match="STUDIUM_DATABASE_HOST"):
        StudiumSettings.model_validate(given)


def test_a_kms_is_sent_no_data_key_in_the_clear_where_tls_is_required() -> None:
    asked = {"kms_url": "http://kms.internal", "kms_access_key_id": "id"}
    own = MasterKeySettings.model_validate(asked)
    for required in (False, True):
        settings = StudiumSettings.model_validate({"secret": "s" * 32, "require_tls": required})
        with pytest.raises(CannotStart, match="STUDIUM_KMS_URL") if required else nullcontext():
            create_master_key(settings, own)
