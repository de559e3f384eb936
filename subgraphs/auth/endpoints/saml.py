"""The browser's way to an identity provider that speaks SAML, and back; what that provider is told of the tenant."""

from typing import Final
from urllib.parse import parse_qsl

from starlette.requests import ClientDisconnect, Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from shared.errors import BadUserInput
from subgraphs.auth.endpoints.federated import HEADERS, going_on, refusing, way_back
from subgraphs.auth.service import saml as service
from subgraphs.auth.service.federated_begun import AT_PROVIDER
from subgraphs.auth.service.saml_desk import SamlDesk

COOKIE: Final = "studium-saml"
_FORM_TYPE: Final = "application/x-www-form-urlencoded"
_MOST_BYTES: Final = 524_288
"""An answer of the largest size, in Base64, and that in a form."""
_FIELDS: Final = frozenset({"SAMLResponse", "RelayState"})


def saml_routes(saml: SamlDesk) -> list[Route]:
    """Where a browser begins, where it brings the answer, and the tenant's metadata."""
    secure = saml.public_url.startswith("https:")

    async def metadata(request: Request) -> Response:
        document = await service.metadata(saml, *_names(request))
        headers = {"Cache-Control": "no-cache", "X-Content-Type-Options": "nosniff"}
        return Response(document, media_type="application/samlmetadata+xml", headers=headers)

    async def begin(request: Request) -> Response:
        slug, alias = _names(request)
        begun = await service.begin(saml, slug, alias, way_back(request))
        answer = RedirectResponse(begun.url, status_code=303, headers=HEADERS)
        answer.set_cookie(
            COOKIE,
            begun.kept,
            max_age=int(AT_PROVIDER.total_seconds()),
            path=f"/t/{slug}/saml/{alias}/acs",
            secure=secure,
            httponly=True,
            samesite="none" if secure else None,  # the answer comes by a form of another site
        )
        return answer

    async def acs(request: Request) -> Response:
        slug, alias = _names(request)
        form = await _form(request)
        goes_on = await service.finish(saml, slug, alias, form, request.cookies.get(COOKIE, ""))
        answer = going_on(goes_on, saml.public_url, slug)
        answer.delete_cookie(COOKIE, path=f"/t/{slug}/saml/{alias}/acs")
        return answer

    return [
        Route("/t/{slug}/saml/{alias}/metadata", refusing(metadata), methods=["GET"]),
        Route("/t/{slug}/saml/{alias}", refusing(begin), methods=["GET"]),
        Route("/t/{slug}/saml/{alias}/acs", refusing(acs), methods=["POST"]),
    ]


def _names(request: Request) -> tuple[str, str]:
    return request.path_params["slug"], request.path_params["alias"]


async def _form(request: Request) -> dict[str, str]:
    """The fields of a form that count, each of which stands there once. Source: SAML 2.0 bindings, section 3.5.4."""
    if request.headers.get("content-type", "").partition(";")[0].strip().lower() != _FORM_TYPE:
        raise BadUserInput("Send a form")
    body = bytearray()
    try:
        async for chunk in request.stream():
            body += chunk
            if len(body) > _MOST_BYTES:
                raise BadUserInput("That is too much")
        fields = parse_qsl(body.decode("ascii"), keep_blank_values=True, max_num_fields=10)
    except (ClientDisconnect, ValueError) as error:
        raise BadUserInput("That is no form") from error
    found = [(name, value) for name, value in fields if name in _FIELDS]
    if len({name for name, _ in found}) != len(found):
        raise BadUserInput("A field stands there twice")
    return dict(found)
