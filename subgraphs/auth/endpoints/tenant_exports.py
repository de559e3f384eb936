"""Where the archive of a tenant is fetched, by a link that its people are given in the graph."""

from collections.abc import AsyncGenerator
from contextlib import aclosing

from starlette.requests import Request
from starlette.responses import Response, StreamingResponse
from starlette.routing import Route

from shared.errors import NotFound, parse_id
from subgraphs.auth.endpoints.federated import HEADERS, refusing
from subgraphs.auth.service.tenant_exports import ExportLinks


def export_routes(links: ExportLinks) -> list[Route]:
    """The one address."""

    async def fetch(request: Request) -> Response:
        slug, job_id = request.path_params["slug"], parse_id(request.path_params["job"])
        token = request.query_params.get("token", "")
        if not token.isascii():
            raise NotFound
        archive, pieces = await links.follow(slug, job_id, token)
        headers = {
            **HEADERS,
            "Content-Length": str(archive.bytes),
            "Content-Disposition": f'attachment; filename="{slug}-{job_id}.zip"',
            "X-Content-Type-Options": "nosniff",
        }
        return StreamingResponse(_closed(pieces), media_type="application/zip", headers=headers)

    return [Route("/t/{slug}/exports/{job}", refusing(fetch), methods=["GET"])]


async def _closed(pieces: AsyncGenerator[bytes]) -> AsyncGenerator[bytes]:
    """The same, at its end even if whoever fetches goes away."""
    async with aclosing(pieces):
        async for piece in pieces:
            yield piece
