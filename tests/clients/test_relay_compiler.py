"""Relay's compiler takes Studium's own schema: its connections are such as Relay expects them."""

from pathlib import Path

from graphql import print_schema

from router.supergraph import Supergraph
from tests.clients.outcomes import HERE, compile_for_relay

SUPERGRAPH = Path(__file__).resolve().parents[2] / "schema" / "supergraph.graphql"


def test_a_refetchable_connection_is_compiled(tmp_path: Path) -> None:
    schema = print_schema(Supergraph.from_sdl(SUPERGRAPH.read_text(encoding="utf-8")).api_schema)
    artifacts = compile_for_relay(schema, HERE / "relay" / "studium.js", tmp_path)
    compiled = (artifacts / "studiumCataloguePaginationQuery.graphql.js").read_text(encoding="utf-8")
    assert '"key": "studium_catalogue_catalog"' in compiled
    assert (artifacts / "studiumNotificationsSubscription.graphql.js").exists()
