"""Extracts of what was found."""

from html import escape

SNIPPET_CHARS = 200


def opening(body: str) -> str:
    """The first words of a text as HTML, where nothing in it was found exactly."""
    if len(body) <= SNIPPET_CHARS:
        return escape(body)
    return escape(body[:SNIPPET_CHARS].rsplit(" ", 1)[0]) + "…"
