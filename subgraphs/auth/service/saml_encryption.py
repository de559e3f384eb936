"""Opening encrypted assertions. Source: XML Encryption 1.1, sections 5.2 (blocks) and 5.5 (key transport).

Ciphertexts that nothing authenticates (CBC) are opened only inside of what is signed: who asks often enough could
otherwise learn from our answers what they hold (T. Jager, J. Somorovsky: "How to Break XML Encryption"). Keys that come
by RSA 1.5 are not opened at all, for the same reason.
"""

import base64
from typing import Any, Final

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.asymmetric.padding import MGF1, OAEP
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
from cryptography.hazmat.primitives.ciphers import Cipher
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.ciphers.algorithms import AES
from cryptography.hazmat.primitives.ciphers.modes import CBC
from cryptography.hazmat.primitives.hashes import SHA1, SHA256, HashAlgorithm

from subgraphs.auth.service.saml_xml import DS, Element, XmlRefused, parse

_XENC: Final = "http://www.w3.org/2001/04/xmlenc#"
_XENC11: Final = "http://www.w3.org/2009/xmlenc11#"
_OAEP_SHA1: Final = f"{_XENC}rsa-oaep-mgf1p"
_OAEP: Final = f"{_XENC11}rsa-oaep"
_GCM: Final = {f"{_XENC11}aes{bits}-gcm": bits // 8 for bits in (128, 192, 256)}
_CBC: Final = {f"{_XENC}aes{bits}-cbc": bits // 8 for bits in (128, 192, 256)}
_DIGESTS: Final[dict[str | None, HashAlgorithm]] = {
    None: SHA1(),  # noqa: S303  # the default of the standard; OAEP does not rest on it
    "http://www.w3.org/2000/09/xmldsig#sha1": SHA1(),  # noqa: S303  # as above
    f"{_XENC}sha256": SHA256(),
}
_MASKS: Final[dict[str | None, HashAlgorithm]] = {
    None: SHA1(),  # noqa: S303  # as above
    f"{_XENC11}mgf1sha1": SHA1(),  # noqa: S303  # as above
    f"{_XENC11}mgf1sha256": SHA256(),
}
_NONCE: Final = 12
_BLOCK: Final = 16


def decrypted(encrypted: Element, key: RSAPrivateKey, *, authentic: bool) -> Element:
    """The element that was encrypted for us.

    Args:
        encrypted: an ``EncryptedAssertion``: the data, and its key within or beside.
        key: ours.
        authentic: it stands in something whose signature holds.

    Raises:
        XmlRefused: it cannot be opened, or not safely. It does not say which.
    """
    try:
        data = _only(encrypted.findall(_in(_XENC, "EncryptedData")))
        wrapped = _only(list(encrypted.iter(_in(_XENC, "EncryptedKey"))))
        algorithm = _method(data).get("Algorithm")
        size = (_GCM | (_CBC if authentic else {}))[algorithm]
        session_key = key.decrypt(_value(wrapped), _padding(_method(wrapped)))
        if len(session_key) != size:
            raise XmlRefused("cannot be decrypted")
        plain = (_opened_gcm if algorithm in _GCM else _opened_cbc)(session_key, _value(data))
    except (KeyError, ValueError, InvalidTag) as error:
        raise XmlRefused("cannot be decrypted") from error
    return parse(plain)


def _padding(method: Element) -> OAEP:
    """How the key was wrapped. Source: XML Encryption 1.1, section 5.5.2."""
    algorithm = method.get("Algorithm")
    if algorithm not in {_OAEP_SHA1, _OAEP} or method.find(_in(_XENC, "OAEPparams")) is not None:
        raise XmlRefused("cannot be decrypted")
    digest = method.find(f"{DS}DigestMethod")
    mask = method.find(_in(_XENC11, "MGF")) if algorithm == _OAEP else None
    return OAEP(
        mgf=MGF1(_MASKS[None if mask is None else mask.get("Algorithm")]),
        algorithm=_DIGESTS[None if digest is None else digest.get("Algorithm")],
        label=None,
    )


def _opened_gcm(key: bytes, value: bytes) -> bytes:
    return AESGCM(key).decrypt(value[:_NONCE], value[_NONCE:], None)


def _opened_cbc(key: bytes, value: bytes) -> bytes:
    decryptor = Cipher(AES(key), CBC(value[:_BLOCK])).decryptor()
    padded = decryptor.update(value[_BLOCK:]) + decryptor.finalize()
    if not padded or not 0 < padded[-1] <= _BLOCK:
        raise XmlRefused("cannot be decrypted")
    return padded[: -padded[-1]]


def _method(element: Element) -> Element:
    return _only(element.findall(_in(_XENC, "EncryptionMethod")))


def _value(element: Element) -> bytes:
    text: Any = _only(element.findall(f"{_in(_XENC, 'CipherData')}/{_in(_XENC, 'CipherValue')}")).text
    return base64.b64decode("".join((text or "").split()), validate=True)


def _only(found: list[Element]) -> Element:
    if len(found) != 1:
        raise XmlRefused("cannot be decrypted")
    return found[0]


def _in(namespace: str, name: str) -> str:
    return f"{{{namespace}}}{name}"
