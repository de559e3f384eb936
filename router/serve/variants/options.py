"""Options of `python -m router serve` about tenants; what holds for each of them stands in the configuration file."""

import argparse

from router.serve.config.options import Sets


def add_tenant_options(parser: argparse.ArgumentParser) -> None:
    """Add them to a command."""
    for name, key, metavar, what in (
        ("--tenant-host", "hosts", "PATTERN", "a name of the router with {tenant} in it, as {tenant}.example.org"),
        ("--tenant-header", "headers", "NAME", "a header with the tenant, as x-tenant"),
        ("--tenant-path", "paths", "PATTERN", "a path that GraphQL is served at as well, as /t/{tenant}/graphql"),
    ):
        parser.add_argument(
            name,
            action=Sets,
            key=f"tenants.naming.{key}",
            added=True,
            metavar=metavar,
            help=f"{what}: it has to agree with the access token (default: none)",
        )
