"""A vector engine that speaks Pinecone's data plane, for tests: `python pinecone_server.py` prints its port.

Source: Pinecone API reference, version 2026-07: upsert, query, delete, describe_index_stats.
"""

import json
import sys
from collections import defaultdict
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from math import sqrt
from threading import Lock
from typing import Any

API_VERSION = "2026-07"
API_KEY = "test-key"

Vector = list[float]
Held = tuple[Vector, dict[str, Any]]
"""Values and metadata."""
_namespaces: defaultdict[str, dict[str, Held]] = defaultdict(dict)
_lock = Lock()


def cosine(left: Vector, right: Vector) -> float:
    """The cosine of the angle between two vectors."""
    dot = sum(a * b for a, b in zip(left, right, strict=True))
    return dot / sqrt(sum(a * a for a in left) * sum(b * b for b in right))


def upsert(body: dict[str, Any]) -> dict[str, Any]:
    for vector in body["vectors"]:
        _namespaces[body["namespace"]][vector["id"]] = (vector["values"], vector.get("metadata", {}))
    return {"upsertedCount": len(body["vectors"])}


def query(body: dict[str, Any]) -> dict[str, Any]:
    held = _namespaces.get(body["namespace"], {})
    conditions: dict[str, Any] = body.get("filter") or {}
    wanted: dict[str, Any] = {name: condition["$eq"] for name, condition in conditions.items()}
    scores = sorted(
        (
            (cosine(values, body["vector"]), id_)
            for id_, (values, metadata) in held.items()
            if wanted.items() <= metadata.items()
        ),
        reverse=True,
    )
    matches = [{"id": id_, "score": score} for score, id_ in scores[: body["topK"]]]
    return {"matches": matches, "namespace": body["namespace"], "usage": {"readUnits": 1}}


def delete(body: dict[str, Any]) -> dict[str, Any] | None:
    if body["namespace"] not in _namespaces:
        return None
    for id_ in body["ids"]:
        _namespaces[body["namespace"]].pop(id_, None)
    return {}


def stats(_: dict[str, Any]) -> dict[str, Any]:
    counts = {name: {"vectorCount": len(vectors)} for name, vectors in _namespaces.items()}
    return {"namespaces": counts, "dimension": 256, "indexFullness": 0, "totalVectorCount": 0}


ROUTES = {"/vectors/upsert": upsert, "/query": query, "/vectors/delete": delete, "/describe_index_stats": stats}


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_POST(self) -> None:
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])) or b"{}")
        if self.headers["Api-Key"] != API_KEY or self.headers["X-Pinecone-Api-Version"] != API_VERSION:
            self._answer(401, {"code": 16, "message": "Unauthorized"})
            return
        with _lock:
            answer = ROUTES[self.path](body)
        if answer is None:
            self._answer(404, {"code": 5, "message": "Namespace not found"})
        else:
            self._answer(200, answer)

    def _answer(self, status: int, body: dict[str, Any]) -> None:
        content = json.dumps(body).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, format: str, *args: Any) -> None:
        """Say nothing: standard output is for the port."""


if __name__ == "__main__":
    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    sys.stdout.write(f"{server.server_address[1]}\n")
    sys.stdout.flush()
    server.serve_forever()
