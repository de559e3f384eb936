"""Single keys from the environment: `ROUTER__HTTP__CORS__ORIGINS` is `http.cors.origins`."""

from collections.abc import Mapping
from typing import Final

from router.serve.config.nodes import Keys, Node, Text, merged, nested
from router.serve.config.reading import read_node

PREFIX: Final = "ROUTER__"


def read_environment(environment: Mapping[str, str]) -> Node:
    """What the environment says. Lists and objects may be written as JSON, lists of texts with commas between them.

    Raises:
        ConfigurationError: a value begins like JSON and is none.
    """
    found: Node = Keys({}, "the environment")
    for name, value in sorted(environment.items()):
        place = tuple(part.lower() for part in name.removeprefix(PREFIX).split("__"))
        if not name.startswith(PREFIX) or not all(place):
            continue
        node = read_node(value, name, {}) if value.startswith(("[", "{")) else Text(value, name)
        found = merged(found, nested(place, node, name))
    return found
