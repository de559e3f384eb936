"""GraphiQL comes from our own files, and the router does without it where they are missing."""

import json
import re
from pathlib import Path

import httpx2
import pytest
from starlette.applications import Starlette

from router.serve import Engine, create_app
from router.serve.graphiql import MOUNT, Page, asset_routes

BROWSER = {"accept": "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"}
BUILD = Path(__file__).parents[3] / "web" / "graphiql"


@pytest.fixture
def assets(tmp_path: Path) -> Path:
    (tmp_path / "index.html").write_text("<!doctype html><title>GraphiQL</title>")
    (tmp_path / "main-ABC.js").write_text("export {}")
    return tmp_path


async def get(app: Starlette, path: str, **headers: str) -> httpx2.Response:
    async with httpx2.AsyncClient(transport=httpx2.ASGITransport(app), base_url="http://router") as client:
        return await client.get(path, headers=headers)


class TestPage:
    async def test_a_browser_gets_a_page_with_a_strict_policy(self, engine: Engine) -> None:
        response = await get(create_app(engine), "/graphql", **BROWSER)
        assert response.status_code == 200
        assert response.headers["content-type"] == "text/html; charset=utf-8"
        assert "default-src 'none'; script-src 'self';" in response.headers["content-security-policy"]
        assert response.headers["vary"] == "accept"

    async def test_a_browser_with_a_query_gets_the_answer(self, engine: Engine) -> None:
        response = await get(create_app(engine), "/graphql?query={book(id:1){id}}", **BROWSER)
        assert response.json() == {"data": {"book": {"id": "1"}}}

    async def test_the_page_can_be_left_out(self, engine: Engine) -> None:
        response = await get(create_app(engine, graphiql=False), "/graphql", **BROWSER)
        assert response.status_code == 400

    def test_the_page_is_the_installed_one(self, assets: Path) -> None:
        assert b"GraphiQL" in Page.load(assets).response.body

    def test_without_the_files_the_page_says_how_to_get_them(self, tmp_path: Path) -> None:
        assert b"python web/graphiql/build.py" in Page.load(tmp_path / "missing").response.body


class TestRoot:
    async def test_the_root_leads_to_the_page(self, engine: Engine) -> None:
        response = await get(create_app(engine), "/", **BROWSER)
        assert (response.status_code, response.headers["location"]) == (307, "graphql")

    async def test_without_a_page_it_leads_nowhere(self, engine: Engine) -> None:
        assert (await get(create_app(engine, graphiql=False), "/", **BROWSER)).status_code == 404


class TestAssets:
    async def test_files_may_be_kept_for_ever(self, assets: Path) -> None:
        response = await get(Starlette(routes=asset_routes(assets)), f"{MOUNT}/main-ABC.js")
        assert response.status_code == 200
        assert response.headers["cache-control"] == "public, max-age=31536000, immutable"
        assert response.headers["x-content-type-options"] == "nosniff"

    @pytest.mark.parametrize("path", ["/../secret", "/%2e%2e/secret", "/nothing.js"])
    async def test_nothing_else_is_served(self, assets: Path, path: str) -> None:
        (assets.parent / "secret").write_text("secret")
        response = await get(Starlette(routes=asset_routes(assets)), MOUNT + path)
        assert response.status_code == 404

    def test_missing_files_are_no_routes(self, tmp_path: Path) -> None:
        assert asset_routes(tmp_path / "missing") == []


class TestBuild:
    def test_the_lock_names_packages_and_no_place_to_fetch_them_from(self) -> None:
        lock = json.loads((BUILD / "package-lock.json").read_text())
        packages = [package for name, package in lock["packages"].items() if name]
        assert packages
        assert all("integrity" in package and "resolved" not in package for package in packages)

    def test_the_page_loads_nothing_from_elsewhere(self) -> None:
        page = (BUILD / "src" / "index.html").read_text()
        assert not re.search(r"https?:|//", page.replace("<!doctype html>", ""))
