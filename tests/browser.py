"""A browser with a virtual authenticator, over the Chrome DevTools Protocol: Page, Runtime, Target and WebAuthn."""

import asyncio
import itertools
import shutil
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

import aiohttp

from tests.patience import PATIENCE_SECONDS

CHROMIUM: Final = shutil.which("chromium")
_OPTIONS: Final = (
    "--headless=new",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-dev-shm-usage",
    "--disable-background-networking",
    "--no-first-run",
    "--remote-debugging-port=0",
)
_AUTHENTICATOR: Final = {
    "protocol": "ctap2",
    "transport": "internal",
    "hasResidentKey": True,
    "hasUserVerification": True,
    "isUserVerified": True,
    "automaticPresenceSimulation": True,
}


@dataclass
class Page:
    """A page, of which things are asked one after the other."""

    socket: aiohttp.ClientWebSocketResponse
    session: str | None = None
    _numbers: "itertools.count[int]" = field(default_factory=itertools.count)
    _happened: set[str] = field(default_factory=set[str])

    async def command(self, method: str, **parameters: Any) -> dict[str, Any]:
        """What the browser answers."""
        number = next(self._numbers)
        asked = {"id": number, "method": method, "params": parameters}
        await self.socket.send_json(asked | ({"sessionId": self.session} if self.session else {}))
        while (said := await self._next()).get("id") != number:
            pass
        assert "error" not in said, said
        return said["result"]

    async def visit(self, url: str) -> None:
        """Load another document."""
        await self.command("Page.enable")
        self._happened.clear()
        await self.command("Page.navigate", url=url)
        while "Page.loadEventFired" not in self._happened:
            await self._next()

    async def follow(self, expression: str) -> None:
        """Do what leads to another document, and wait until that is loaded."""
        self._happened.clear()
        await self.evaluate(expression)
        while "Page.loadEventFired" not in self._happened:
            await self._next()

    async def _next(self) -> dict[str, Any]:
        said: dict[str, Any] = await self.socket.receive_json(timeout=PATIENCE_SECONDS)
        self._happened.add(said.get("method", ""))
        return said

    async def evaluate(self, expression: str) -> Any:
        """The value of a promise of the page's."""
        answer = await self.command("Runtime.evaluate", expression=expression, awaitPromise=True, returnByValue=True)
        assert "exceptionDetails" not in answer, answer["exceptionDetails"]
        return answer["result"].get("value")

    async def add_authenticator(self) -> str:
        """One that unlocks itself whenever it is asked; its name."""
        await self.command("WebAuthn.enable")
        added = await self.command("WebAuthn.addVirtualAuthenticator", options=_AUTHENTICATOR)
        return added["authenticatorId"]


@asynccontextmanager
async def browsing(url: str, folder: Path) -> AsyncGenerator[Page]:
    """A page in a browser of its own, loaded."""
    assert CHROMIUM is not None
    process = await asyncio.create_subprocess_exec(
        CHROMIUM,
        *_OPTIONS,
        f"--user-data-dir={folder}",
        "about:blank",
        stdout=asyncio.subprocess.DEVNULL,
        stderr=asyncio.subprocess.DEVNULL,
    )
    try:
        address = await _debugging_address(folder / "DevToolsActivePort")
        async with aiohttp.ClientSession() as http, http.ws_connect(address, max_msg_size=0) as socket:
            page = Page(socket)
            target = await page.command("Target.createTarget", url="about:blank")
            attached = await page.command("Target.attachToTarget", targetId=target["targetId"], flatten=True)
            page.session = attached["sessionId"]
            await page.visit(url)
            yield page
            page.session = None
            await page.command("Browser.close")
    finally:
        if process.returncode is None:
            try:
                await asyncio.wait_for(process.wait(), PATIENCE_SECONDS)
            except TimeoutError:
                process.kill()
                await process.wait()


async def _debugging_address(path: Path) -> str:
    async with asyncio.timeout(PATIENCE_SECONDS):
        while True:
            written = path.read_text().split() if path.exists() else []  # noqa: ASYNC240 - a line on the local disk
            if len(written) == 2:
                return f"ws://127.0.0.1:{written[0]}{written[1]}"
            await asyncio.sleep(0.05)
