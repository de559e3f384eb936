"""Addresses of specifications: `https://specs.apollo.dev/federation/v2.3`."""

from dataclasses import dataclass
from urllib.parse import urlsplit, urlunsplit

from router.federation.errors import CompositionError, ErrorCode, FederationError
from router.federation.versions import Version


@dataclass(frozen=True, slots=True)
class FeatureUrl:
    """A specification and its version."""

    identity: str
    """The address without the version: what makes two links speak of one feature."""
    name: str
    version: Version

    @classmethod
    def parse(cls, text: str) -> "FeatureUrl":
        """Read an address.

        Raises:
            FederationError: INVALID_LINK_IDENTIFIER, where the address has no name or no version.

        """
        try:
            parts = urlsplit(text)
            port = parts.port
        except ValueError as error:
            raise _invalid(f'"{text}" is none: {error}') from error
        path = parts.path.split("/")
        if not parts.scheme or parts.path in {"", "/"}:
            raise _invalid(f'"{text}" has no path; write an address such as "https://example.com/feature/v1.0"')
        version = Version.parse(path[-1])
        if version is None:
            raise _invalid(f'"{text}" must end in a version of the form v1.2, and ends in "{path[-1]}"')
        if len(path) < 2 or not path[-2]:  # noqa: PLR2004 - a name and a version
            raise _invalid(f'"{text}" has no name before its version')
        host = parts.hostname or ""
        netloc = f"{host}:{port}" if port else host
        return cls(urlunsplit((parts.scheme, netloc, "/".join(path[:-1]), "", "")), path[-2], version)

    def __str__(self) -> str:
        return f"{self.identity}/{self.version}"


def _invalid(message: str) -> FederationError:
    return FederationError([CompositionError(ErrorCode.INVALID_LINK_IDENTIFIER, f"Link address {message}.")])
