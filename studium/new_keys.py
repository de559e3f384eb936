"""`studium keys`: new keys for a deployment, as lines of an environment file."""

import json
from typing import Final

from shared.router_tokens import public_keys
from shared.tokens import generate_signing_key

_ABOUT: Final = """\
# The auth subgraph signs people's access tokens with the first; the router signs its requests to subgraphs with the
# second, and they verify them with the third. Keep the first two to the processes that they are for.
"""


def environment_lines() -> str:
    """Lines for an environment file, in quotes that shells and Docker Compose read alike; different every time."""
    signing, routing = generate_signing_key(), generate_signing_key()
    return (
        f"{_ABOUT}"
        f'STUDIUM_SIGNING_KEY="{signing.get_secret_value().strip()}"\n'
        f'STUDIUM_ROUTER_KEY="{routing.get_secret_value().strip()}"\n'
        f"STUDIUM_ROUTER_KEYS='{json.dumps(json.loads(public_keys(routing)), separators=(',', ':'))}'\n"
    )
