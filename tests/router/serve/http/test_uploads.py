"""Files come as a form, stand where the schema wants them, and go on to subgraphs."""

import json
import secrets
from collections.abc import AsyncGenerator, Mapping
from contextlib import AsyncExitStack
from typing import Any

import httpx2
import pytest
from starlette.applications import Starlette
from starlette.datastructures import UploadFile
from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.routing import Route

from router.compose import Composed, Subgraph, compose
from router.execute import HttpTransport, InProcessTransport, Transport
from router.execute.transport.traffic import ManagedTransport
from router.serve import Engine, Limits, create_app
from router.serve.http.config import HttpPolicy, Uploads
from tests.router.serve.server import serving

SDL = """
    scalar Upload
    scalar JSON
    input Picture { file: Upload!, caption: String }
    type Query { size(file: Upload): Int, plain(value: JSON): Int }
    type Mutation { save(files: [Upload!]!): [String!]!, show(picture: Picture!): String! }
    type Subscription { sizes(file: Upload): Int }
"""
SAVE = "mutation($files: [Upload!]!) { save(files: $files) }"
SHOW = "mutation($picture: Picture!) { show(picture: $picture) }"
SIZE = "query($file: Upload) { size(file: $file) }"
PREFLIGHT = {"apollo-require-preflight": "1"}


class Gallery:
    """A subgraph that says what it got, in this process or behind HTTP."""

    def __init__(self) -> None:
        self.headers: Mapping[str, str] = {}
        self.kept: list[UploadFile] = []

    async def execute(self, query: str, variables: Mapping[str, Any] | None, *_: object) -> dict[str, Any]:
        given = variables or {}
        if "files" in given:
            return {"data": {"save": [await self._told(each) for each in given["files"]]}}
        if "picture" in given:
            picture = given["picture"]
            return {"data": {"show": f"{await self._told(picture['file'])} {picture.get('caption')}"}}
        return {"data": {"size": None if given["file"] is None else len(await given["file"].read())}}

    async def _told(self, file: UploadFile) -> str:
        self.kept.append(file)
        content = await file.read()
        await file.seek(0)
        return f"{file.filename} {file.content_type} {len(content)} {content[:3].decode()}"

    async def over_http(self, request: Request) -> JSONResponse:
        self.headers = request.headers
        if request.headers["content-type"] == "application/json":
            posted = await request.json()
            return JSONResponse(await self.execute(posted["query"], posted.get("variables")))
        async with request.form() as form:
            posted = json.loads(str(form["operations"]))
            for name, paths in json.loads(str(form["map"])).items():
                for path in paths:
                    _put(posted, path.split("."), form[name])
            return JSONResponse(await self.execute(posted["query"], posted["variables"]))


def _put(container: Any, steps: list[str], value: Any) -> None:
    first, *rest = steps
    key: Any = int(first) if isinstance(container, list) else first
    if rest:
        _put(container[key], rest, value)
    else:
        assert container[key] is None
        container[key] = value


@pytest.fixture
def gallery() -> Gallery:
    return Gallery()


@pytest.fixture(params=["in process", "over http", "with care"])
async def transport(request: pytest.FixtureRequest, gallery: Gallery) -> AsyncGenerator[Transport]:
    async with AsyncExitStack() as stack:
        if request.param == "in process":
            yield InProcessTransport(gallery.execute)
            return
        app = Starlette(routes=[Route("/", gallery.over_http, methods=["POST"])])
        url = f"http://{await stack.enter_async_context(serving(app))}/"
        transport = HttpTransport(url) if request.param == "over http" else ManagedTransport([url])
        stack.push_async_callback(transport.aclose)
        yield transport


def engine_over(transport: Transport) -> Engine:
    composed = compose([Subgraph("gallery", "http://gallery", SDL)])
    assert isinstance(composed, Composed)
    return Engine.from_sdl(composed.supergraph_sdl, {"gallery": transport}, Limits(body_bytes=10_000))


async def send(
    transport: Transport,
    operations: Any,
    places: Any,
    files: Mapping[str, Any],
    uploads: Uploads | None = None,
    headers: Mapping[str, str] = PREFLIGHT,
) -> httpx2.Response:
    app = create_app(engine_over(transport), http=HttpPolicy(batch=2, uploads=uploads or Uploads()))
    async with httpx2.AsyncClient(transport=httpx2.ASGITransport(app), base_url="http://router") as client:
        return await client.post("/graphql", files={**_form(operations, places), **files}, headers=dict(headers))


def asking(query: str, **variables: Any) -> dict[str, Any]:
    return {"query": query, "variables": variables}


def text(name: str, content: bytes = b"abc") -> tuple[str, bytes, str]:
    return name, content, "text/plain"


class TestForwarding:
    async def test_files_arrive_where_they_belong(self, transport: Transport) -> None:
        operation = asking(SAVE, files=[None, None])
        places = {"0": ["variables.files.0"], "1": ["variables.files.1"]}
        response = await send(transport, operation, places, {"0": text("a.txt"), "1": text("b.txt", b"defg")})
        assert response.json() == {"data": {"save": ["a.txt text/plain 3 abc", "b.txt text/plain 4 def"]}}

    async def test_a_file_may_stand_within_an_input(self, transport: Transport) -> None:
        operation = asking(SHOW, picture={"file": None, "caption": "me"})
        response = await send(transport, operation, {"x": ["variables.picture.file"]}, {"x": text('"q"\u00e4.txt')})
        (told,) = response.json()["data"].values()
        assert told.endswith("text/plain 3 abc me")

    async def test_one_file_may_stand_in_several_places(self, transport: Transport) -> None:
        operation = asking(SAVE, files=[None, None])
        places = {"0": ["variables.files.0", "variables.files.1"]}
        response = await send(transport, operation, places, {"0": text("a.txt")})
        assert response.json() == {"data": {"save": ["a.txt text/plain 3 abc"] * 2}}

    async def test_a_query_may_have_a_file(self, transport: Transport) -> None:
        response = await send(transport, asking(SIZE, file=None), {"0": ["variables.file"]}, {"0": text("a", b"")})
        assert response.json() == {"data": {"size": 0}}

    async def test_a_large_file_goes_over_the_disk(self, transport: Transport) -> None:
        content = secrets.token_bytes(3_000_001)
        uploads = Uploads(memory_bytes=1000)
        places = {"0": ["variables.file"]}
        response = await send(transport, asking(SIZE, file=None), places, {"0": text("a", content)}, uploads)
        assert response.json() == {"data": {"size": len(content)}}

    async def test_each_operation_of_several_has_its_own(self, transport: Transport) -> None:
        operations = [asking(SIZE, file=None), asking(SIZE, file=None)]
        places = {"0": ["0.variables.file"], "1": ["1.variables.file"]}
        response = await send(transport, operations, places, {"0": text("a"), "1": text("b", b"abcd")})
        assert response.json() == [{"data": {"size": 3}}, {"data": {"size": 4}}]

    async def test_without_files_a_form_is_an_ordinary_request(self, transport: Transport) -> None:
        response = await send(transport, asking(SIZE, file=None), {}, {})
        assert response.json() == {"data": {"size": None}}

    async def test_nothing_is_left_of_them(self, gallery: Gallery) -> None:
        transport = InProcessTransport(gallery.execute)
        await send(transport, asking(SAVE, files=[None]), {"0": ["variables.files.0"]}, {"0": text("a")})
        assert all(file.file.closed for file in gallery.kept)


class TestHeaders:
    async def test_a_subgraph_is_told_that_no_page_made_a_browser_send_it(self, gallery: Gallery) -> None:
        app = Starlette(routes=[Route("/", gallery.over_http, methods=["POST"])])
        async with serving(app) as address:
            transport = HttpTransport(f"http://{address}/")
            form = _form(asking(SAVE, files=[None]), {"0": ["variables.files.0"]})
            client_app = create_app(engine_over(transport), http=HttpPolicy(uploads=Uploads()))
            async with httpx2.AsyncClient(
                transport=httpx2.ASGITransport(client_app), base_url="http://router"
            ) as client:
                response = await client.post("/graphql", files={**form, "0": text("a")}, headers=PREFLIGHT)
            await transport.aclose()
        assert gallery.headers["apollo-require-preflight"] == "true"
        assert "transfer-encoding" not in gallery.headers
        assert response.json() == {"data": {"save": ["a text/plain 3 abc"]}}


def _form(operations: Any, places: Any) -> dict[str, Any]:
    """The fields, as parts without the name of a file."""
    return {"operations": (None, json.dumps(operations)), "map": (None, json.dumps(places))}


class TestRefusals:
    @pytest.fixture
    def transport(self, gallery: Gallery) -> Transport:
        return InProcessTransport(gallery.execute)

    @pytest.mark.parametrize(
        ("operations", "places", "names"),
        [
            (asking(SIZE, file=None), {}, "0"),
            (asking(SIZE, file=None), {"0": ["variables.file"], "1": ["variables.file"]}, "0"),
            (asking(SIZE, file=None), {"0": "variables.file"}, "0"),
            (asking(SIZE, file=None), {"0": []}, "0"),
            (asking(SIZE, file=None), {"0": [1]}, "0"),
            (asking(SIZE, file=None), {"0": ["variables.file"] * 11}, "0"),
            (asking(SIZE, file=None), {"0": ["variables.file", "variables.file"]}, "0"),
            (asking(SIZE, file=None), {"0": ["variables.other"]}, "0"),
            (asking(SIZE, file=None), {"0": ["variables"]}, "0"),
            (asking(SIZE, file=None), {"0": ["query"]}, "0"),
            (asking(SIZE, file=None), {"0": ["variables.__class__"]}, "0"),
            (asking(SIZE, file=None), {"0": ["0.variables.file"]}, "0"),
            (asking(SIZE, file="x"), {"0": ["variables.file"]}, "0"),
            (asking(SAVE, files=[None]), {"0": ["variables.files.1"]}, "0"),
            (asking(SAVE, files=[None]), {"0": ["variables.files.-1"]}, "0"),
            (asking(SAVE, files=[None]), {"0": ["variables.files." + "9" * 50]}, "0"),
            (asking(SAVE, files=[None]), {"0": ["variables.files.file"]}, "0"),
            ([asking(SIZE, file=None)], {"0": ["variables.file"]}, "0"),
            ([asking(SIZE, file=None)], {"0": ["1.variables.file"]}, "0"),
            (asking(SIZE, file=None), [], "0"),
            ("text", {"0": ["variables.file"]}, "0"),
            (None, {"0": ["variables.file"]}, "0"),
        ],
    )
    async def test_a_bad_map_is_refused(self, transport: Transport, operations: Any, places: Any, names: str) -> None:
        response = await send(transport, operations, places, {name: text(name) for name in names})
        assert (response.status_code, _codes(response)) == (400, ["BAD_REQUEST"])

    @pytest.mark.parametrize(
        ("query", "variables", "place"),
        [
            ("query($file: JSON) { plain(value: $file) }", {"file": None}, "variables.file"),
            ("query($file: JSON) { plain(value: $file) }", {"file": [None]}, "variables.file.0"),
            ("query($file: JSON) { plain(value: $file) }", {"file": {"a": None}}, "variables.file.a"),
            (SHOW, {"picture": {"file": "x", "caption": None}}, "variables.picture.caption"),
            (SHOW, {"picture": {"file": "x", "other": None}}, "variables.picture.other"),
            (SIZE, {"file": 1, "undeclared": None}, "variables.undeclared"),
        ],
    )
    async def test_a_file_is_a_value_of_its_scalar_alone(
        self, transport: Transport, query: str, variables: Any, place: str
    ) -> None:
        response = await send(transport, asking(query, **variables), {"0": [place]}, {"0": text("a")})
        assert _codes(response) == ["BAD_USER_INPUT"]

    async def test_a_subscription_has_no_files(self, transport: Transport) -> None:
        operation = asking("subscription($file: Upload) { sizes(file: $file) }", file=None)
        response = await send(transport, operation, {"0": ["variables.file"]}, {"0": text("a")})
        assert _codes(response) == ["BAD_REQUEST"]

    async def test_a_form_is_refused_unless_a_browser_has_asked(self, transport: Transport, gallery: Gallery) -> None:
        operation, places = asking(SAVE, files=[None]), {"0": ["variables.files.0"]}
        response = await send(transport, operation, places, {"0": text("a")}, headers={"cookie": "a=b"})
        assert (response.status_code, _codes(response)) == (400, ["CSRF_PREVENTION"])
        assert gallery.kept == []

    @pytest.mark.parametrize(
        ("uploads", "status"),
        [
            (Uploads(files=1), 400),
            (Uploads(total_bytes=1000), 413),
        ],
    )
    async def test_too_much_is_refused(self, transport: Transport, uploads: Uploads, status: int) -> None:
        operation = asking(SAVE, files=[None, None])
        places = {"0": ["variables.files.0"], "1": ["variables.files.1"]}
        files = {"0": text("a", b"x" * 2000), "1": text("b")}
        response = await send(transport, operation, places, files, uploads)
        assert response.status_code == status

    async def test_operations_are_no_longer_than_in_an_ordinary_body(self, transport: Transport) -> None:
        response = await send(transport, asking(SIZE + " " * 10_000, file=None), {}, {})
        assert (response.status_code, _codes(response)) == (400, ["BAD_REQUEST"])

    @pytest.mark.parametrize(
        ("content_type", "body"),
        [
            ("multipart/form-data", b""),
            ("multipart/form-data; boundary=x", b""),
            ("multipart/form-data; boundary=x", b"--x\r\n"),
            ("multipart/form-data; boundary=x", b"nonsense"),
            ("multipart/form-data; boundary=x", b"--x\r\ncontent-disposition: form-data\r\n\r\n\r\n--x--\r\n"),
            (
                "multipart/form-data; boundary=x",
                b'--x\r\ncontent-disposition: form-data; name="map"\r\n\r\n{}\r\n--x--\r\n',
            ),
            (
                "multipart/form-data; boundary=x",
                b'--x\r\ncontent-disposition: form-data; name="0"; filename="a"\r\n\r\nhalf a file',
            ),
        ],
    )
    async def test_what_is_no_form_is_refused(self, transport: Transport, content_type: str, body: bytes) -> None:
        app = create_app(engine_over(transport), http=HttpPolicy(uploads=Uploads()))
        async with httpx2.AsyncClient(transport=httpx2.ASGITransport(app), base_url="http://router") as client:
            headers = {"content-type": content_type, **PREFLIGHT}
            response = await client.post("/graphql", content=body, headers=headers)
        assert (response.status_code, _codes(response)) == (400, ["BAD_REQUEST"])

    async def test_a_coded_form_is_refused(self, transport: Transport) -> None:
        headers = {**PREFLIGHT, "content-encoding": "gzip"}
        response = await send(transport, asking(SIZE, file=None), {}, {}, headers=headers)
        assert response.status_code == 415

    async def test_forms_are_not_read_unless_files_are_taken(self, transport: Transport) -> None:
        app = create_app(engine_over(transport))
        async with httpx2.AsyncClient(transport=httpx2.ASGITransport(app), base_url="http://router") as client:
            response = await client.post("/graphql", files={"0": text("a")}, headers=PREFLIGHT)
        assert response.status_code == 415


def _codes(response: httpx2.Response) -> list[str]:
    return [error["extensions"]["code"] for error in response.json()["errors"]]
