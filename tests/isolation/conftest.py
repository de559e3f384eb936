"""One platform with tenants for all tests of isolation."""

from tests.isolation.fixtures import address, client, newcomer, spans, world

__all__ = ["address", "client", "newcomer", "spans", "world"]
