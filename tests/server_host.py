"""Runs a set of embedded servers for one test process: `python tests/server_host.py FOLDER [SERVER…]`.

Writes their URLs as one line of JSON, then serves until its standard input ends. That happens when the test process
ends, however it ends, so nothing is left behind.
"""

import asyncio
import json
import sys
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path

from studium.embedded import DataFolder, EmbeddedServers, Ports, Supervisor
from studium.embedded.servers import ALL


async def main(root: Path, wanted: Sequence[str]) -> None:
    folder = DataFolder(root)
    folder.open()
    supervisor = Supervisor(say=sys.stderr.write)
    servers = EmbeddedServers(folder, Ports(folder), wanted=wanted, durable=False)
    try:
        await servers.start(supervisor)
        sys.stdout.write(json.dumps(asdict(servers.urls)) + "\n")
        sys.stdout.flush()
        await asyncio.to_thread(sys.stdin.read)
    finally:
        await supervisor.stop()
        folder.close()


if __name__ == "__main__":
    asyncio.run(main(Path(sys.argv[1]), sys.argv[2:] or sorted(ALL)))
