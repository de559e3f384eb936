"""Sending mail: through an SMTP server, or into a folder where there is none.

Source: RFC 5322 (messages), RFC 8314 (TLS for submission).
"""

import asyncio
import smtplib
import ssl
from collections.abc import Callable
from dataclasses import dataclass, field
from email.message import EmailMessage
from email.policy import SMTP
from pathlib import Path
from typing import Final, Protocol
from urllib.parse import unquote, urlsplit

from pydantic import SecretStr

from shared.ids import uuid7

_TIMEOUT_SECONDS: Final = 30
_PORTS: Final = {"smtp": 587, "smtps": 465}


class MailNotSent(Exception):
    """The server did not take it; trying again may help."""


@dataclass(frozen=True, slots=True)
class Mail:
    """A message of text to one person."""

    sender: str
    """An address, with a name or without."""
    to: str
    subject: str
    text: str = field(repr=False)

    def message(self) -> EmailMessage:
        """As it is sent.

        Raises:
            ValueError: a header would have another line: somebody wants to add headers of their own.
        """
        message = EmailMessage(SMTP)
        message["From"], message["To"], message["Subject"] = self.sender, self.to, self.subject
        message["Message-ID"] = f"<{uuid7()}@studium>"
        message["Auto-Submitted"] = "auto-generated"
        message.set_content(self.text)
        return message


class Mailer(Protocol):
    """Takes mail on its way."""

    async def send(self, mail: Mail) -> None:
        """Hand a message over.

        Raises:
            MailNotSent: it was not taken.
        """
        ...


@dataclass(frozen=True, slots=True)
class FolderMailer:
    """Writes each message as a file ``<id>.eml``, which mail programs open; the newest has the greatest name."""

    folder: Path

    async def send(self, mail: Mail) -> None:
        await asyncio.to_thread(self._write, mail.message())

    def _write(self, message: EmailMessage) -> None:
        self.folder.mkdir(parents=True, exist_ok=True)
        (self.folder / f"{uuid7()}.eml").write_bytes(bytes(message))


@dataclass(frozen=True, slots=True)
class SmtpMailer:
    """Submits to a server, in a thread, over TLS: from the beginning (``smtps``) or by STARTTLS (``smtp``).

    The server has to prove its name. It is not talked to in the clear unless it is on this machine.
    """

    scheme: str
    host: str
    port: int
    user: str | None = None
    password: SecretStr | None = None
    tls: Callable[[], ssl.SSLContext] = ssl.create_default_context

    async def send(self, mail: Mail) -> None:
        message = mail.message()
        try:
            await asyncio.to_thread(self._submit, message)
        except (OSError, smtplib.SMTPException) as error:
            raise MailNotSent from error

    def _submit(self, message: EmailMessage) -> None:
        with self._connect() as server:
            if self.user is not None and self.password is not None:
                server.login(self.user, self.password.get_secret_value())
            server.send_message(message)

    def _connect(self) -> smtplib.SMTP:
        if self.scheme == "smtps":
            return smtplib.SMTP_SSL(self.host, self.port, timeout=_TIMEOUT_SECONDS, context=self.tls())
        server = smtplib.SMTP(self.host, self.port, timeout=_TIMEOUT_SECONDS)
        server.ehlo()
        if server.has_extn("starttls"):
            server.starttls(context=self.tls())
        elif self.host not in {"localhost", "127.0.0.1", "::1"}:
            server.close()
            raise smtplib.SMTPNotSupportedError("the server offers no TLS")
        return server


def mailer(url: SecretStr) -> Mailer:
    """What sends mail to a server (``smtp://user:password@host:587``, ``smtps://…``) or a folder (``file:///…``).

    Raises:
        ValueError: it is neither.
    """
    parts = urlsplit(url.get_secret_value())
    if parts.scheme == "file" and parts.path:
        return FolderMailer(Path(unquote(parts.path)))
    if parts.scheme not in _PORTS or parts.hostname is None:
        raise ValueError("must be a URL that starts with smtp://, smtps:// or file://")
    password = None if parts.password is None else SecretStr(unquote(parts.password))
    user = None if parts.username is None else unquote(parts.username)
    return SmtpMailer(parts.scheme, parts.hostname, parts.port or _PORTS[parts.scheme], user, password)
