"""XML that strangers send: read without entities, network or comments, and believed as far as a signature covers it.

What is checked is what is read: the signed element is cut out of its document and stands alone when its signature is
verified; everything after that sees this copy and nothing else, wherever other elements of the same name or identifier
stood. Source: SAML 2.0 core, section 5.4; J. Somorovsky et al., "On Breaking SAML" (signature wrapping).
"""

from collections.abc import Sequence
from typing import Any, Final, TypeAlias, cast

import xmlsec
from lxml import etree  # pyright: ignore[reportAttributeAccessIssue, reportUnknownVariableType] - has no types

MOST_BYTES: Final = 262_144
_MOST_ELEMENTS: Final = 5_000
_MOST_ATTRIBUTES: Final = 50
_MOST_PREFIXES: Final = 20
"""To canonicalize takes the square of these, and it comes before it is known who has signed."""
DS: Final = "{http://www.w3.org/2000/09/xmldsig#}"
_XMLDSIG: Final = "http://www.w3.org/2000/09/xmldsig#"
_MORE: Final = "http://www.w3.org/2001/04/xmldsig-more#"
_EXCLUSIVE: Final = frozenset(
    {"http://www.w3.org/2001/10/xml-exc-c14n#", "http://www.w3.org/2001/10/xml-exc-c14n#WithComments"}
)
_INCLUSIVE: Final = "{http://www.w3.org/2001/10/xml-exc-c14n#}InclusiveNamespaces"
_ENVELOPED: Final = f"{_XMLDSIG}enveloped-signature"
_DIGESTS: Final = frozenset(
    {"http://www.w3.org/2001/04/xmlenc#sha256", f"{_MORE}sha384", "http://www.w3.org/2001/04/xmlenc#sha512"}
)
_SIGNATURES: Final = frozenset(f"{_MORE}{key}-sha{bits}" for key in ("rsa", "ecdsa") for bits in (256, 384, 512))
"""Nothing by SHA-1, and nothing by a secret that both would know."""
_IDENTIFIERS: Final = ("ID", "Id", "id")

Element: TypeAlias = Any
"""An element of lxml, which has no types."""

_lxml = cast("Any", etree)
_xmlsec = cast("Any", xmlsec)  # its types are those of lxml


class XmlRefused(Exception):
    """The document is not one, is not signed as it has to be, or could be read in more than one way."""


def parse(document: bytes) -> Element:
    """The root of a document in UTF-8 without a document type, its comments left out.

    Raises:
        XmlRefused: it is too large, is no XML, or could make a parser do more than read it.
    """
    if len(document) > MOST_BYTES:
        raise XmlRefused("too large")
    try:
        text = document.decode()
    except UnicodeDecodeError as error:
        raise XmlRefused("not UTF-8") from error
    if "<!DOCTYPE" in text:  # before any parser sees it; in UTF-8 there is no other way to write it
        raise XmlRefused("has a document type")
    parser = _lxml.XMLParser(
        encoding="utf-8", resolve_entities=False, load_dtd=False, no_network=True, remove_comments=True, huge_tree=False
    )
    try:
        root = _lxml.fromstring(document, parser)
    except (_lxml.XMLSyntaxError, ValueError) as error:
        raise XmlRefused("not XML") from error
    for count, each in enumerate(root.iter()):
        if not isinstance(each.tag, str):
            raise XmlRefused("has processing instructions")
        if count >= _MOST_ELEMENTS or len(each.attrib) > _MOST_ATTRIBUTES:
            raise XmlRefused("is made to take long")
    return root


def canonical(element: Element) -> str:
    """The element alone, in the one way to write it. Source: Exclusive XML Canonicalization 1.0."""
    return cast("bytes", _lxml.tostring(element, method="c14n", exclusive=True, with_comments=False)).decode()


def is_signed(element: Element) -> bool:
    """Whether it has a signature of its own, good or bad."""
    return element.find(f"{DS}Signature") is not None


def verified(element: Element, certificates: Sequence[str]) -> Element:
    """A copy of the element that one of the certificates' keys has signed, without the signature.

    Args:
        element: with the signature as its child, and an attribute ``ID``.
        certificates: in PEM; keys and certificates that the signature names itself count for nothing.

    Raises:
        XmlRefused: none of them has signed it, or not all of it, or with something weak.
    """
    alone = parse(cast("bytes", _lxml.tostring(element, with_tail=False)))
    signature = _own_signature(alone)
    _check_form(alone, signature)
    _xmlsec.tree.add_ids(alone, ["ID"])
    if not any(_holds(signature, certificate) for certificate in certificates):
        raise XmlRefused("the signature does not hold")
    alone.remove(signature)
    return alone


def _own_signature(element: Element) -> Element:
    found = element.findall(f"{DS}Signature")
    if len(found) != 1:
        raise XmlRefused("has no signature of its own, or several")
    return found[0]


def _check_form(element: Element, signature: Element) -> None:
    """Refuse a signature of anything but this element as a whole. Source: SAML 2.0 core, section 5.4."""
    identifiers = [each.get(name) for each in element.iter() for name in _IDENTIFIERS if each.get(name) is not None]
    if len(identifiers) != len(set(identifiers)):
        raise XmlRefused("has two elements of one identifier")
    references = signature.findall(f"{DS}SignedInfo/{DS}Reference")
    if len(references) != 1 or not element.get("ID") or references[0].get("URI") != f"#{element.get('ID')}":
        raise XmlRefused("the signature is of something else")
    if signature.find(f"{DS}Object") is not None:
        raise XmlRefused("the signature carries something")
    if any(len(each.get("PrefixList", "").split()) > _MOST_PREFIXES for each in signature.iter(_INCLUSIVE)):
        raise XmlRefused("the signature is made to take long")
    transforms = [each.get("Algorithm") for each in references[0].iter(f"{DS}Transform")]
    rest = [each for each in transforms if each != _ENVELOPED]
    if len(transforms) - len(rest) != 1 or len(rest) > 1 or not _EXCLUSIVE.issuperset(rest):
        raise XmlRefused("the signature is of a part")
    for name, allowed in (
        ("CanonicalizationMethod", _EXCLUSIVE),
        ("SignatureMethod", _SIGNATURES),
        ("DigestMethod", _DIGESTS),
    ):
        methods = {each.get("Algorithm") for each in signature.iter(f"{DS}{name}")}
        if not methods or not allowed.issuperset(methods):
            raise XmlRefused("the signature is weak")


def _holds(signature: Element, certificate: str) -> bool:
    context = _xmlsec.SignatureContext()
    context.key = xmlsec.Key.from_memory(certificate, xmlsec.constants.KeyDataFormatCertPem)
    try:
        context.verify(signature)
    except xmlsec.Error:
        return False
    return True
