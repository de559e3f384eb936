"""Mail is handed over to a server or a folder, and carries no headers but ours."""

import asyncio
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from email import message_from_bytes
from email.policy import default
from pathlib import Path

import pytest
from pydantic import SecretStr

from shared.mail import FolderMailer, Mail, MailNotSent, SmtpMailer, mailer

MAIL = Mail("Studium <studium@example.org>", "ada@example.org", "Sign in · Ä", "Grüße\n.\nan alle")


@asynccontextmanager
async def smtp_server(*, answers: str = "250 ok") -> AsyncGenerator[tuple[int, list[bytes]]]:
    """A server that speaks as much of RFC 5321 as one message needs; gives its port and what it was told."""
    told: list[bytes] = []

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"220 here\r\n")
        while line := await reader.readline():
            told.append(line)
            if line.upper().startswith(b"DATA"):
                writer.write(b"354 go on\r\n")
                told.append(await reader.readuntil(b"\r\n.\r\n"))
            if line.upper().startswith(b"QUIT"):
                writer.write(b"221 bye\r\n")
                break
            writer.write(f"{answers}\r\n".encode())
        writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    async with server:
        yield server.sockets[0].getsockname()[1], told


class TestFolder:
    async def test_has_a_file_for_each(self, tmp_path: Path) -> None:
        folder = FolderMailer(tmp_path / "mail")
        for _ in range(2):
            await folder.send(MAIL)
        first, _ = sorted(folder.folder.iterdir())
        read = message_from_bytes(first.read_bytes(), policy=default)
        assert (read["To"], read["Subject"]) == ("ada@example.org", "Sign in · Ä")
        assert read.get_content() == "Grüße\r\n.\r\nan alle\r\n" or read.get_content() == "Grüße\n.\nan alle\n"


class TestServer:
    async def test_is_given_the_message(self) -> None:
        async with smtp_server() as (port, told):
            await mailer(SecretStr(f"smtp://127.0.0.1:{port}")).send(MAIL)
        assert b"mail FROM:<studium@example.org>\r\n" in told
        assert b"rcpt TO:<ada@example.org>\r\n" in told
        assert any(b"Auto-Submitted: auto-generated" in line for line in told)

    async def test_that_refuses_is_told(self) -> None:
        async with smtp_server(answers="451 not now") as (port, _):
            with pytest.raises(MailNotSent):
                await mailer(SecretStr(f"smtp://127.0.0.1:{port}")).send(MAIL)

    async def test_that_is_away_is_told(self) -> None:
        async with smtp_server() as (port, _):
            pass
        with pytest.raises(MailNotSent):
            await mailer(SecretStr(f"smtps://127.0.0.1:{port}")).send(MAIL)

    async def test_elsewhere_is_told_nothing_in_the_clear(self, monkeypatch: pytest.MonkeyPatch) -> None:
        async with smtp_server() as (port, told):
            monkeypatch.setattr("socket.getfqdn", lambda: "here")
            # 127.1 is this machine as well, under a name that is not one of its own
            with pytest.raises(MailNotSent):
                await mailer(SecretStr(f"smtp://user:secret@127.1:{port}")).send(MAIL)
        assert not any(line.upper().startswith((b"AUTH", b"MAIL")) for line in told)


class TestMessage:
    @pytest.mark.parametrize("to", ["ada@example.org\r\nBcc: eve@example.org", "ada@example.org\nX: y"])
    def test_has_no_headers_of_others(self, to: str) -> None:
        with pytest.raises(ValueError, match="linefeed"):
            Mail("studium@example.org", to, "x", "y").message()

    def test_is_not_shown_with_its_text(self) -> None:
        assert "Grüße" not in repr(MAIL)


class TestUrl:
    def test_names_a_server_or_a_folder(self) -> None:
        assert mailer(SecretStr("file:///var/mail%20box")) == FolderMailer(Path("/var/mail box"))
        made = mailer(SecretStr("smtps://u%40x:p%2F@mail.example"))
        assert made == SmtpMailer("smtps", "mail.example", 465, "u@x", SecretStr("p/"))

    @pytest.mark.parametrize("url", ["http://mail.example", "smtp://", "file://", "mail.example"])
    def test_of_anything_else_is_refused_without_showing_it(self, url: str) -> None:
        with pytest.raises(ValueError, match="must be a URL that starts with"):
            mailer(SecretStr(url))
