"""A server in front of PostgreSQL that speaks TLS, with a certificate of an authority of its own."""

import asyncio
import contextlib
import ipaddress
import ssl
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Final

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

_SSL_REQUEST_BYTES: Final = 8
_NAME: Final = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "tests")])


def certificate(folder: Path, address: str) -> Path:
    """A key and a certificate for an address, which is its own authority; one PEM file."""
    key, now = ec.generate_private_key(ec.SECP256R1()), datetime.now(UTC)
    built = (
        x509.CertificateBuilder()
        .subject_name(_NAME)
        .issuer_name(_NAME)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address(address))]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    encoding = serialization.Encoding.PEM
    private = key.private_bytes(encoding, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    file = folder / f"{address}.pem"
    file.write_bytes(private + built.public_bytes(encoding))
    return file


@asynccontextmanager
async def tls_in_front_of(port: int, pem: Path) -> AsyncGenerator[int]:
    """The port of a server that asks for TLS and passes on what it gets."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(pem)

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Source: PostgreSQL documentation, 54.2.11 (SSL session encryption)."""
        with contextlib.suppress(ssl.SSLError, OSError, asyncio.IncompleteReadError):
            await reader.readexactly(_SSL_REQUEST_BYTES)
            writer.write(b"S")
            await writer.start_tls(context)
            upstream, downstream = await asyncio.open_connection("127.0.0.1", port)
            await asyncio.gather(_pass(reader, downstream), _pass(upstream, writer))
        writer.close()

    async with await asyncio.start_server(serve, "127.0.0.1", 0) as server:
        yield server.sockets[0].getsockname()[1]


async def _pass(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    while block := await reader.read(65_536):
        writer.write(block)
        await writer.drain()
    writer.close()
