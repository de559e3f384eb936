"""`studium keys`: new keys for a deployment, as lines of an environment file."""

import json
from typing import Final

from pydantic import SecretStr

from shared.router_tokens import public_keys
from shared.signing_keys import LEAD_SECONDS, KeyRing
from shared.tokens import generate_signing_key
from studium.embedded.errors import CannotStart

_ABOUT: Final = """\
# The auth subgraph signs people's access tokens with the first; the router signs its requests to subgraphs with the
# second, and they verify them with the third. Keep the first two to the processes that they are for.
"""
_ABOUT_RING: Final = f"""\
# The key that signs now, and the one that signs after it. Give them to every process that has STUDIUM_SIGNING_KEY
# within {LEAD_SECONDS / 3600:.0f} h: then the new one begins to sign. The old one is published as long as is needed.
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


def rotated_lines(signing_key: SecretStr | None) -> str:
    """The line of an environment file for the same ring of signing keys with another, which signs in a while.

    Raises:
        CannotStart: there is no ring, or it cannot be read.
    """
    if signing_key is None:
        raise CannotStart("STUDIUM_SIGNING_KEY is not set: there is nothing to rotate.")
    try:
        rotated = KeyRing(signing_key).rotated()
    except ValueError as error:
        raise CannotStart(f"STUDIUM_SIGNING_KEY cannot be used: {error}") from error
    return f'{_ABOUT_RING}STUDIUM_SIGNING_KEY="{rotated.get_secret_value().strip()}"\n'
