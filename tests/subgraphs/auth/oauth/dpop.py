"""Software that has a key, and proves it. Source: RFC 9449, section 4."""

import time
from typing import Any
from uuid import uuid4

import orjson
from joserfc import jws
from joserfc.jwk import ECKey

from shared.dpop import hashed


class Holder:
    """Of one key."""

    def __init__(self) -> None:
        self.key = ECKey.generate_key("P-256")
        self.jkt = self.key.thumbprint()

    def proof(
        self, method: str, url: str, *, token: str | None = None, header: dict[str, Any] | None = None, **claims: Any
    ) -> str:
        """A sound proof with other claims and headers; None leaves one out."""
        usual: dict[str, Any] = {"htm": method, "htu": url, "iat": int(time.time()), "jti": str(uuid4())}
        usual |= {} if token is None else {"ath": hashed(token)}
        said = {name: value for name, value in {**usual, **claims}.items() if value is not None}
        head = {"alg": "ES256", "typ": "dpop+jwt", "jwk": self.key.as_dict(private=False), **(header or {})}
        return jws.serialize_compact(head, orjson.dumps(said), self.key, algorithms=["ES256"])
