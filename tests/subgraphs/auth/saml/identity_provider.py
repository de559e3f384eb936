"""An identity provider that others wrote: pysaml2's. It signs in this process, as there is no program for it."""

import base64
import warnings
from collections.abc import Sequence
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from typing import Any, Final, cast
from urllib.parse import parse_qs, urlsplit

import xmlsec
from cryptography.utils import CryptographyDeprecationWarning
from lxml import etree  # pyright: ignore[reportAttributeAccessIssue, reportUnknownVariableType] - has no types
from saml2 import BINDING_HTTP_REDIRECT, saml, sigver
from saml2.config import IdPConfig

from subgraphs.auth.service.saml_assertions import PERSISTENT
from subgraphs.auth.service.saml_messages import KeyPair, new_keys

with warnings.catch_warnings():
    warnings.simplefilter("ignore", CryptographyDeprecationWarning)  # of a cipher that it names and nobody uses
    from saml2 import server

ENTITY_ID: Final = "https://idp.school.example/metadata"
SSO_URL: Final = "https://idp.school.example/sso"
RSA_SHA256: Final = "http://www.w3.org/2001/04/xmldsig-more#rsa-sha256"
SHA256: Final = "http://www.w3.org/2001/04/xmlenc#sha256"
RSA_SHA1: Final = "http://www.w3.org/2000/09/xmldsig#rsa-sha1"
SHA1: Final = "http://www.w3.org/2000/09/xmldsig#sha1"
_ASSERTION: Final = "{urn:oasis:names:tc:SAML:2.0:assertion}Assertion"
_DSIG: Final = "{http://www.w3.org/2000/09/xmldsig#}Signature"

_lxml, _xmlsec = cast("Any", etree), cast("Any", xmlsec)
_saml, _sigver = cast("Any", saml), cast("Any", sigver)


@cache
def keys_of(name: str) -> KeyPair:
    """Keys of somebody of that name, the same throughout the process."""
    return new_keys(name, datetime.now(UTC))


class XmlsecBackend(cast("type[Any]", _sigver.CryptoBackend)):
    """What pysaml2 signs and encrypts with."""

    version = "1.3.0"

    def __init__(self, rsa_key: Any, cipher: Any) -> None:
        self.non_xml_crypto = _sigver.RSACrypto(rsa_key)
        self.cipher = cipher

    def sign_statement(self, statement: Any, node_name: str, key_file: str, node_id: str) -> str:
        root = _lxml.fromstring(_bytes(statement))
        (signed,) = root.xpath("//*[@ID=$id]", id=node_id)
        _xmlsec.tree.add_ids(root, ["ID"])
        context = _xmlsec.SignatureContext()
        context.key = _xmlsec.Key.from_file(key_file, _xmlsec.constants.KeyDataFormatPem)
        context.sign(signed.find(_DSIG))
        return cast("bytes", _lxml.tostring(root)).decode()

    def encrypt_assertion(
        self, statement: Any, enc_key: str, template: Any, key_type: str = "", node_xpath: str | None = None
    ) -> str:
        root = _lxml.fromstring(_bytes(statement))
        (plain,) = root.iter(_ASSERTION)
        return encrypted(root, plain, Path(enc_key).read_text(), self.cipher)


def encrypted(root: Any, plain: Any, certificate: str, cipher: Any, *, transport: Any = None) -> str:
    """The document with one element encrypted for whose certificate it is."""
    made = _xmlsec.template
    template = made.encrypted_data_create(root, cipher, type=_xmlsec.constants.TypeEncElement, ns="xenc")
    made.encrypted_data_ensure_cipher_value(template)
    info = made.encrypted_data_ensure_key_info(template, ns="ds")
    wrapped = made.add_encrypted_key(info, transport or _xmlsec.constants.TransformRsaOaep)
    made.encrypted_data_ensure_cipher_value(wrapped)
    manager = _xmlsec.KeysManager()
    manager.add_key(_xmlsec.Key.from_memory(certificate, _xmlsec.constants.KeyDataFormatCertPem))
    context = _xmlsec.EncryptionContext(manager)
    bits = int("".join(filter(str.isdigit, cipher.name.removeprefix("aes")))[:3])
    context.key = _xmlsec.Key.generate(_xmlsec.constants.KeyDataAes, bits, _xmlsec.constants.KeyDataTypeSession)
    context.encrypt_xml(template, plain)
    return cast("bytes", _lxml.tostring(root)).decode()


class SchoolProvider:
    """Signs people in as they say, and answers requests of the tenant that it knows by its metadata."""

    def __init__(self, folder: Path, own: str = "", *, keys: str = "school", sso_url: str = SSO_URL) -> None:
        pair = keys_of(keys)
        key_file, cert_file = folder / f"{keys}.key", folder / f"{keys}.crt"
        key_file.write_text(pair.private_key)
        cert_file.write_text(pair.certificate)
        config = cast("Any", IdPConfig()).load(
            {
                "entityid": ENTITY_ID,
                "xmlsec_binary": __file__,  # it has to exist; it is never run
                "key_file": str(key_file),
                "cert_file": str(cert_file),
                "service": {
                    "idp": {
                        "endpoints": {"single_sign_on_service": [(sso_url, BINDING_HTTP_REDIRECT)]},
                        "policy": {"default": {"lifetime": {"minutes": 15}, "name_form": _saml.NAME_FORMAT_URI}},
                        "want_authn_requests_signed": True,
                    }
                },
                "metadata": {"inline": [own]} if own else {},
            }
        )
        self.key_file = str(key_file)
        self._server = cast("Any", server.Server)(config=config)
        self.backend = XmlsecBackend(
            _sigver.import_rsa_key_from_file(str(key_file)), _xmlsec.constants.TransformAes256Gcm
        )
        self._server.sec.crypto = self.backend
        self._server.sec.sec_backend = self.backend.non_xml_crypto

    def asked(self, url: str) -> tuple[Any, str]:
        """The request that a browser brings, its signature verified, and the state that goes back with the answer."""
        query = {name: value for name, (value,) in parse_qs(urlsplit(url).query).items()}
        request = self._server.parse_authn_request(
            query["SAMLRequest"], BINDING_HTTP_REDIRECT, query["RelayState"], query["SigAlg"], query["Signature"]
        )
        return request.message, query["RelayState"]

    def signed_again(self, document: str) -> str:
        """The document, with its innermost signature made anew over what stands there now."""
        assertion = _lxml.fromstring(document.encode()).find(f".//{_ASSERTION}")
        return self.backend.sign_statement(document, "", self.key_file, assertion.get("ID"))

    def answer(
        self,
        own: str,
        acs: str,
        request_id: str | None,
        *,
        name: str = "ada-1815",
        format_: str = PERSISTENT,
        attributes: dict[str, Sequence[str]] | None = None,
        context: str = _saml.AUTHN_PASSWORD,
        at: int | None = None,
        **how: Any,
    ) -> str:
        """A response in XML; its assertion is signed unless it is said how."""
        said = {"mail": ["ada@school.example"], "displayName": ["Ada"]} if attributes is None else attributes
        response = self._server.create_authn_response(
            said,
            request_id,
            acs,
            own,
            name_id=_saml.NameID(format=format_, text=name),
            authn={"class_ref": context, "authn_auth": ENTITY_ID, "authn_instant": at},
            **{
                "sign_assertion": True,
                "sign_response": False,
                "sign_alg": RSA_SHA256,
                "digest_alg": SHA256,
                **how,
            },
        )
        return str(response)


def provider_metadata(*keys: str, sso_url: str = SSO_URL) -> str:
    """Metadata of an identity provider with these keys."""
    described = "".join(
        '<KeyDescriptor use="signing"><KeyInfo xmlns="http://www.w3.org/2000/09/xmldsig#"><X509Data><X509Certificate>'
        + "".join(keys_of(key).certificate.splitlines()[1:-1])
        + "</X509Certificate></X509Data></KeyInfo></KeyDescriptor>"
        for key in keys
    )
    return (
        f'<EntityDescriptor xmlns="urn:oasis:names:tc:SAML:2.0:metadata" entityID="{ENTITY_ID}">'
        f'<IDPSSODescriptor protocolSupportEnumeration="urn:oasis:names:tc:SAML:2.0:protocol">{described}'
        f'<SingleSignOnService Binding="{BINDING_HTTP_REDIRECT}" Location="{sso_url}"/>'
        "</IDPSSODescriptor></EntityDescriptor>"
    )


def encoded(document: str) -> str:
    """As a form carries it."""
    return base64.b64encode(document.encode()).decode()


def _bytes(statement: Any) -> bytes:
    return statement if isinstance(statement, bytes) else str(statement).encode()
