"""One platform with three tenants for all tests of isolation."""

from tests.isolation.fixtures import address, client, spans, world

__all__ = ["address", "client", "spans", "world"]
