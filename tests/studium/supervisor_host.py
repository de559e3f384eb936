"""A supervisor of one embedded server, to be killed by tests: `supervisor_host.py FOLDER SERVER`."""

import asyncio
import signal
import sys
from pathlib import Path

from studium.embedded import CannotStart, DataFolder, EmbeddedServers, Ports, Supervisor


async def main(root: Path, server: str) -> None:
    """Say ``ready`` once the server answers, then wait to be stopped."""
    stop = asyncio.Event()
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, stop.set)
    folder = DataFolder(root)
    folder.open()
    supervisor = Supervisor(say=_say)
    try:
        await EmbeddedServers(folder, Ports(folder), wanted={server}).start(supervisor)
        _say("ready")
        await stop.wait()
    finally:
        await supervisor.stop()
        folder.close()


def _say(line: str) -> None:
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    try:
        asyncio.run(main(Path(sys.argv[1]), sys.argv[2]))
    except CannotStart as refusal:
        _say(str(refusal))
        sys.exit(1)
