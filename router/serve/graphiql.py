"""GraphiQL, from files that `web/graphiql/build.py` puts beside this module: no page ever loads from elsewhere."""

from dataclasses import dataclass
from os import PathLike, stat_result
from pathlib import Path

from starlette.responses import HTMLResponse, Response
from starlette.routing import BaseRoute, Mount
from starlette.staticfiles import StaticFiles
from starlette.types import Scope, Send

ASSETS = Path(__file__).parent / "dist" / "graphiql"
MOUNT = "/graphiql"
"""Where the page looks for its files, seen from the path of `/graphql`."""

DIRECTIVES = {
    "default-src": "'none'",
    "script-src": "'self'",
    "style-src": "'self' 'unsafe-inline'",  # the editor writes its themes and positions into the page
    "img-src": "'self' data:",
    "font-src": "'self' data:",
    "connect-src": "'self'",
    "worker-src": "'self'",
    "base-uri": "'none'",
    "form-action": "'none'",
    "frame-ancestors": "'none'",
}
POLICY = "; ".join(f"{name} {sources}" for name, sources in DIRECTIVES.items())

MISSING = """<!doctype html>
<html lang="en"><meta charset="utf-8"><title>GraphQL</title>
<h1>GraphQL is served here</h1>
<p>POST <code>{"query": "{ __typename }"}</code> to this address.</p>
<p>The GraphiQL editor is not installed. To install it, run <code>python web/graphiql/build.py</code>.</p>
</html>
"""


@dataclass(frozen=True, slots=True)
class Page:
    """What a browser gets at `/graphql`."""

    response: HTMLResponse

    @classmethod
    def load(cls, assets: Path = ASSETS) -> "Page":
        """The editor, or a page that says how to install it."""
        index = assets / "index.html"
        text = index.read_text(encoding="utf-8") if index.is_file() else MISSING
        headers = {
            "content-security-policy": POLICY,
            "x-content-type-options": "nosniff",
            "referrer-policy": "no-referrer",
            "cache-control": "no-cache",
            "vary": "accept",
        }
        return cls(HTMLResponse(text, headers=headers))

    async def send(self, send: Send) -> None:
        """Send the page, which is the same for everybody."""
        await send(
            {
                "type": "http.response.start",
                "status": self.response.status_code,
                "headers": self.response.raw_headers,
            }
        )
        await send({"type": "http.response.body", "body": self.response.body})


def asset_routes(assets: Path = ASSETS) -> list[BaseRoute]:
    """The editor's files, if they are installed; their names change with their content."""
    return [Mount(MOUNT, _Immutable(directory=assets))] if assets.is_dir() else []


class _Immutable(StaticFiles):
    """Files whose names carry a hash of their content, so that a browser need never ask again."""

    def file_response(
        self, full_path: PathLike[str] | str, stat_result: stat_result, scope: Scope, status_code: int = 200
    ) -> Response:
        response = super().file_response(full_path, stat_result, scope, status_code)
        response.headers["cache-control"] = "public, max-age=31536000, immutable"
        response.headers["x-content-type-options"] = "nosniff"
        return response
