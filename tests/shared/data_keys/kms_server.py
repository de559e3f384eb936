"""A server of the API of AWS KMS, as far as it wraps and unwraps keys.

It verifies each request's signature by the published steps, from what arrives; and as KMS does, it binds ciphertexts to
their encryption context and finds the key of one by itself.
"""

import hashlib
import hmac
import json
import os
import re
from base64 import b64decode, b64encode
from typing import Any

from aiohttp import web
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

ACCESS_KEY_ID, SECRET_ACCESS_KEY, REGION = "AKIDTESTS", "the secret of the tests", "eu-central-1"
KEY_ID = "alias/studium"
_AUTHORIZATION = re.compile(
    r"AWS4-HMAC-SHA256 Credential=(?P<id>[^/]+)/(?P<scope>\S+), SignedHeaders=(?P<names>\S+), Signature=(?P<mac>\w+)"
)


def kms_app() -> web.Application:
    """The server, with one key."""
    app = web.Application()
    key = AESGCM(os.urandom(32))

    async def answer(request: web.Request) -> web.Response:
        body = await request.read()
        if not _is_signed(request, body):
            return _refused("IncompleteSignatureException")
        asked, action = json.loads(body), request.headers["x-amz-target"]
        context = json.dumps(asked.get("EncryptionContext", {}), sort_keys=True).encode()
        match action:
            case "TrentService.Encrypt" if asked["KeyId"] == KEY_ID:
                nonce = os.urandom(12)
                blob = nonce + key.encrypt(nonce, b64decode(asked["Plaintext"]), context)
                return _answered({"KeyId": KEY_ID, "CiphertextBlob": b64encode(blob).decode()})
            case "TrentService.Decrypt":
                blob = b64decode(asked["CiphertextBlob"])
                try:
                    plain = key.decrypt(blob[:12], blob[12:], context)
                except (InvalidTag, ValueError):
                    return _refused("InvalidCiphertextException")
                return _answered({"KeyId": KEY_ID, "Plaintext": b64encode(plain).decode()})
            case _:
                return _refused("NotFoundException")

    app.router.add_post("/", answer)
    return app


def _answered(answer: dict[str, Any]) -> web.Response:
    return web.json_response(answer, content_type="application/x-amz-json-1.1")


def _refused(kind: str) -> web.Response:
    return web.json_response({"__type": kind, "message": None}, status=400, content_type="application/x-amz-json-1.1")


def _is_signed(request: web.Request, body: bytes) -> bool:
    said = _AUTHORIZATION.fullmatch(request.headers.get("Authorization", ""))
    if said is None or said["id"] != ACCESS_KEY_ID:
        return False
    day, region, service, _ = said["scope"].split("/")
    canonical = "".join(f"{name}:{request.headers[name].strip()}\n" for name in said["names"].split(";"))
    digest = hashlib.sha256(body).hexdigest()
    hashed = hashlib.sha256(f"POST\n/\n\n{canonical}\n{said['names']}\n{digest}".encode()).hexdigest()
    text = f"AWS4-HMAC-SHA256\n{request.headers['x-amz-date']}\n{said['scope']}\n{hashed}"
    key = f"AWS4{SECRET_ACCESS_KEY}".encode()
    for part in (day, region, service, "aws4_request"):
        key = hmac.digest(key, part.encode(), "sha256")
    expected = hmac.digest(key, text.encode(), "sha256").hex()
    return (region, service) == (REGION, "kms") and hmac.compare_digest(expected, said["mac"])
