"""Supervisor of the embedded servers: PostgreSQL, Valkey and the document store, real ones, run from wheels.

`EmbeddedServers` says which servers there are and how each is prepared; `Supervisor` keeps any child process alive and
stops it in order; `DataFolder` owns everything on disk.
"""

from studium.embedded.child import Child
from studium.embedded.errors import CannotStart
from studium.embedded.folder import DataFolder
from studium.embedded.ports import Ports
from studium.embedded.servers import EmbeddedServers, FixedPorts, ServerUrls
from studium.embedded.supervisor import Supervisor, together

__all__ = [
    "CannotStart",
    "Child",
    "DataFolder",
    "EmbeddedServers",
    "FixedPorts",
    "Ports",
    "ServerUrls",
    "Supervisor",
    "together",
]
