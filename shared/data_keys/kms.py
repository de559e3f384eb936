"""A master key that never leaves its service: AWS KMS, or another server of the same API.

Source: https://docs.aws.amazon.com/kms/latest/APIReference/API_Encrypt.html
"""

from base64 import b64decode, b64encode, urlsafe_b64decode, urlsafe_b64encode
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, Final
from urllib.parse import urlsplit

import aiohttp
import orjson

from shared.crypto import SealBroken
from shared.data_keys.aws_signature import AwsCredentials, signed_headers
from shared.data_keys.master import MasterKey
from shared.errors import Unavailable

_SECONDS: Final = 20.0
_OURS: Final = "kms."
_NOT_OURS: Final = frozenset({"InvalidCiphertextException", "IncorrectKeyException", "NotFoundException"})
"""The ciphertext was made for another context, with another key, or by somebody else."""


@dataclass(frozen=True, slots=True)
class Kms:
    """Where the service is, and which of its keys is ours."""

    url: str
    """`https://kms.eu-central-1.amazonaws.com`."""
    region: str
    key_id: str
    """An id, ARN or alias."""
    credentials: AwsCredentials = field(repr=False)


class KmsMasterKey:
    """Asks a KMS to wrap and unwrap. It rotates its keys by itself; another `key_id` is another master key."""

    def __init__(self, kms: Kms, *, older: MasterKey | None = None) -> None:
        """Ask nothing yet.

        Args:
            kms: wraps, and unwraps what it has wrapped.
            older: unwraps what was wrapped before there was the KMS.
        """
        self._kms = kms
        self._older = older
        self._prefix = f"{_OURS}{urlsafe_b64encode(kms.key_id.encode()).decode()}."

    async def wrap(self, key: bytes, *, place: str) -> str:
        asked = {"KeyId": self._kms.key_id, "Plaintext": b64encode(key).decode(), "EncryptionContext": _context(place)}
        answer = await self._ask("Encrypt", asked)
        return self._prefix + urlsafe_b64encode(b64decode(answer["CiphertextBlob"])).decode()

    async def unwrap(self, wrapped: str, *, place: str) -> bytes:
        if self._older is not None and not wrapped.startswith(_OURS):
            return await self._older.unwrap(wrapped, place=place)
        try:
            _, _, encoded = wrapped.split(".")
            blob = b64encode(urlsafe_b64decode(encoded)).decode()
        except ValueError as error:
            raise SealBroken from error
        answer = await self._ask("Decrypt", {"CiphertextBlob": blob, "EncryptionContext": _context(place)})
        return b64decode(answer["Plaintext"])

    def is_current(self, wrapped: str) -> bool:
        return wrapped.startswith(self._prefix)

    async def _ask(self, action: str, asked: dict[str, Any]) -> dict[str, Any]:
        """Ask in a connection of its own: data keys are unwrapped once a process."""
        body = orjson.dumps(asked)
        headers = signed_headers(
            self._kms.credentials,
            host=urlsplit(self._kms.url).netloc,
            service="kms",
            region=self._kms.region,
            headers={"content-type": "application/x-amz-json-1.1", "x-amz-target": f"TrentService.{action}"},
            body=body,
            at=datetime.now(UTC),
        )
        try:
            async with (
                aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(_SECONDS)) as http,
                http.post(f"{self._kms.url}/", data=body, headers=headers) as response,
            ):
                answer = orjson.loads(await response.read() or b"{}")
                if response.ok:
                    return answer
        except (aiohttp.ClientError, TimeoutError, ValueError) as error:
            raise Unavailable from error
        if str(answer.get("__type", "")).rpartition("#")[2] in _NOT_OURS:
            raise SealBroken
        raise Unavailable


def _context(place: str) -> dict[str, str]:
    return {"studium:place": place}
