"""SAML messages and metadata as they are written and read; pysaml2 knows their forms.

Source: SAML 2.0 core, bindings (section 3.4), profiles (section 4.1), and metadata.
"""

import base64
import zlib
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any, Final, cast
from urllib.parse import urlencode

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric.ec import EllipticCurvePublicKey
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey, RSAPublicKey, generate_private_key
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    load_pem_private_key,
)
from cryptography.x509.oid import NameOID
from saml2 import md, saml, samlp, xmldsig

from shared.errors import BadUserInput
from subgraphs.auth.service.saml_xml import XmlRefused, canonical, parse

BINDING_REDIRECT: Final = "urn:oasis:names:tc:SAML:2.0:bindings:HTTP-Redirect"
BINDING_POST: Final = "urn:oasis:names:tc:SAML:2.0:bindings:HTTP-POST"
PROTOCOL: Final = "urn:oasis:names:tc:SAML:2.0:protocol"
_RSA_SHA256: Final = "http://www.w3.org/2001/04/xmldsig-more#rsa-sha256"
MOST_CERTIFICATES: Final = 5
"""Two while a provider changes its key; some keep more."""
_KEY_BITS: Final = 2048
_CERTIFICATE_LIFETIME: Final = timedelta(days=3653)

_md, _saml, _samlp, _xmldsig = (cast("Any", module) for module in (md, saml, samlp, xmldsig))  # pysaml2 has no types


@dataclass(frozen=True, slots=True)
class KeyPair:
    """What the tenant signs requests with, and others encrypt for it with; both in PEM."""

    private_key: str = field(repr=False)
    certificate: str


@dataclass(frozen=True, slots=True)
class ServiceProvider:
    """The tenant, as one identity provider knows it."""

    entity_id: str
    acs_url: str
    """Where the provider has browsers bring its answers."""
    keys: KeyPair
    other: KeyPair | None = None
    """A second key, while it changes from one to the other; it signs nothing."""

    @property
    def all_keys(self) -> Sequence[KeyPair]:
        """What others may encrypt for."""
        return [self.keys] if self.other is None else [self.keys, self.other]


@dataclass(frozen=True, slots=True)
class ProviderMetadata:
    """What an identity provider publishes of itself, as far as it is used."""

    entity_id: str
    sso_url: str
    certificates: Sequence[str]
    """Any of whose keys may sign; in PEM."""


@dataclass(frozen=True, slots=True)
class AuthnRequest:
    """A question to an identity provider."""

    id: str
    destination: str
    name_id_format: str
    relay_state: str = field(repr=False)
    """Comes back with the answer. Source: SAML 2.0 bindings, section 3.4.3."""
    again: bool = False
    """Whether the person is to prove anew who they are. Source: SAML 2.0 core, section 3.4.1 (ForceAuthn)."""


def new_keys(common_name: str, now: datetime) -> KeyPair:
    """A key of 2048 bits with a certificate that nobody vouches for: the provider is told of it beforehand."""
    key = generate_private_key(65537, _KEY_BITS)
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, common_name[:64])])
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + _CERTIFICATE_LIFETIME)
        .sign(key, SHA256())
    )
    pem = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    return KeyPair(pem.decode(), certificate.public_bytes(Encoding.PEM).decode())


def private_key(keys: KeyPair) -> RSAPrivateKey:
    """The key; it was made here, so that it need not be proven to be one, which takes longer than all the rest."""
    loaded = load_pem_private_key(keys.private_key.encode(), None, unsafe_skip_rsa_key_validation=True)
    return cast("RSAPrivateKey", loaded)


def request_url(asked: AuthnRequest, own: ServiceProvider, now: datetime) -> str:
    """Where the browser is sent: the provider's address with a signed request.

    Source: SAML 2.0 bindings, section 3.4.4.1 (DEFLATE encoding).
    """
    request = _samlp.AuthnRequest(
        id=asked.id,
        version="2.0",
        issue_instant=instant(now),
        destination=asked.destination,
        assertion_consumer_service_url=own.acs_url,
        protocol_binding=BINDING_POST,
        issuer=_saml.Issuer(text=own.entity_id),
        name_id_policy=_samlp.NameIDPolicy(format=asked.name_id_format, allow_create="true"),
        force_authn="true" if asked.again else None,
    )
    deflated = zlib.compress(str(request).encode(), wbits=-15)
    query = urlencode(
        {
            "SAMLRequest": base64.b64encode(deflated).decode(),
            "RelayState": asked.relay_state,
            "SigAlg": _RSA_SHA256,
        }
    )
    signature = base64.b64encode(private_key(own.keys).sign(query.encode(), PKCS1v15(), SHA256())).decode()
    joint = "&" if "?" in asked.destination else "?"
    return f"{asked.destination}{joint}{query}&{urlencode({'Signature': signature})}"


def own_metadata(own: ServiceProvider, name_id_format: str) -> str:
    """What the provider is told of the tenant; that the response is signed instead of the assertion will do as well.

    Source: SAML 2.0 metadata, section 2.4.4.
    """
    described = _md.SPSSODescriptor(
        protocol_support_enumeration=PROTOCOL,
        authn_requests_signed="true",
        key_descriptor=[
            _key_descriptor(keys.certificate, use) for keys in own.all_keys for use in ("signing", "encryption")
        ],
        name_id_format=[_md.NameIDFormat(text=name_id_format)],
        assertion_consumer_service=[
            _md.AssertionConsumerService(binding=BINDING_POST, location=own.acs_url, index="0", is_default="true")
        ],
    )
    return str(_md.EntityDescriptor(entity_id=own.entity_id, spsso_descriptor=described))


def read_metadata(document: bytes, now: datetime) -> ProviderMetadata:
    """What an identity provider says of itself; every key it signs with, so that it can change them.

    Raises:
        BadUserInput: it is no metadata of one identity provider, is past, or cannot be used here.
    """
    try:
        entity = _md.entity_descriptor_from_string(canonical(parse(document)))
        if entity is None:
            raise _refused("is not of one entity")
        if entity.valid_until and read_instant(entity.valid_until) <= now:
            raise _refused("is past")
        described = next(
            (each for each in entity.idpsso_descriptor if PROTOCOL in each.protocol_support_enumeration.split()), None
        )
        if described is None or not entity.entity_id:
            raise _refused("is not of an identity provider")
        return ProviderMetadata(entity.entity_id, _sso_url(described), _certificates(described))
    except (XmlRefused, ValueError, TypeError, AttributeError, KeyError) as error:
        raise _refused("cannot be read") from error


def certificate_of(pem: str) -> x509.Certificate:
    return x509.load_pem_x509_certificate(pem.encode())


def instant(moment: datetime) -> str:
    """A time as SAML writes it. Source: SAML 2.0 core, section 1.3.3."""
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def read_instant(text: str) -> datetime:
    """A time of SAML's, which is UTC.

    Raises:
        ValueError: it is none.
    """
    moment = datetime.fromisoformat(text.strip())
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


def _sso_url(described: Any) -> str:
    for service in described.single_sign_on_service:
        if service.binding == BINDING_REDIRECT and service.location:
            return service.location
    raise _refused("names no address for the HTTP-Redirect binding")


def _certificates(described: Any) -> list[str]:
    found: dict[str, None] = {}
    for key in described.key_descriptor:
        if key.use not in {None, "", "signing"}:
            continue
        for data in key.key_info.x509_data:
            written = data.x509_certificate
            for one in written if isinstance(written, list) else [written]:  # pyright: ignore[reportUnknownVariableType] - pysaml2's
                found[_usable(one.text)] = None  # pyright: ignore[reportUnknownMemberType, reportUnknownArgumentType]
    if not 0 < len(found) <= MOST_CERTIFICATES:
        raise _refused(f"must have 1 to {MOST_CERTIFICATES} certificates to sign with")
    return list(found)


def _usable(encoded: str) -> str:
    """A certificate in PEM; it is the key that counts, so its dates and issuer do not."""
    certificate = x509.load_der_x509_certificate(base64.b64decode("".join(encoded.split()), validate=True))
    key = certificate.public_key()
    strong = isinstance(key, EllipticCurvePublicKey) or (isinstance(key, RSAPublicKey) and key.key_size >= _KEY_BITS)
    if not strong:
        raise _refused("has a key that is too weak")
    return certificate.public_bytes(Encoding.PEM).decode()


def _key_descriptor(certificate: str, use: str) -> Any:
    text = base64.b64encode(certificate_of(certificate).public_bytes(Encoding.DER)).decode()
    data = _xmldsig.X509Data(x509_certificate=_xmldsig.X509Certificate(text=text))
    return _md.KeyDescriptor(use=use, key_info=_xmldsig.KeyInfo(x509_data=data))


def _refused(why: str) -> BadUserInput:
    return BadUserInput(f"The metadata {why}", field="metadataXml")
