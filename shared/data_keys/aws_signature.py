"""AWS Signature Version 4, as far as a POST to the root of a service needs it.

Source: https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv-create-signed-request.html
"""

import hashlib
import hmac
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final

_ALGORITHM: Final = "AWS4-HMAC-SHA256"


@dataclass(frozen=True, slots=True)
class AwsCredentials:
    """Who asks, and the secret that proves it."""

    access_key_id: str
    secret_access_key: str = field(repr=False)


def signed_headers(
    credentials: AwsCredentials,
    *,
    host: str,
    service: str,
    region: str,
    headers: Mapping[str, str],
    body: bytes,
    at: datetime,
) -> dict[str, str]:
    """The headers of a request that prove who sends it, and when.

    Args:
        credentials: the sender's.
        host: of the request, with its port if it has one.
        service: ``kms``.
        region: ``eu-central-1``.
        headers: further ones to send; they are signed too.
        body: what is sent.
        at: now, in UTC.
    """
    moment = at.strftime("%Y%m%dT%H%M%SZ")
    scope = f"{moment[:8]}/{region}/{service}/aws4_request"
    sent = {**{name.lower(): value for name, value in headers.items()}, "host": host, "x-amz-date": moment}
    names = ";".join(sorted(sent))
    lines = [f"{name}:{sent[name].strip()}" for name in sorted(sent)]
    request = "\n".join(["POST", "/", "", *lines, "", names, hashlib.sha256(body).hexdigest()])
    text = "\n".join([_ALGORITHM, moment, scope, hashlib.sha256(request.encode()).hexdigest()])
    signature = hmac.digest(_key(credentials, moment[:8], region, service), text.encode(), hashlib.sha256).hex()
    proof = f"{_ALGORITHM} Credential={credentials.access_key_id}/{scope}, SignedHeaders={names}, Signature={signature}"
    return {**sent, "authorization": proof}


def _key(credentials: AwsCredentials, day: str, region: str, service: str) -> bytes:
    key = f"AWS4{credentials.secret_access_key}".encode()
    for part in (day, region, service, "aws4_request"):
        key = hmac.digest(key, part.encode(), hashlib.sha256)
    return key
