"""What goes to a subgraph beside the operation: where it is, and the client's headers."""

import pytest

from router.execute import HttpTransport, SubgraphRequest
from router.execute.transport import InvalidHeader, SubgraphUnreachable
from router.execute.transport.address import Address
from router.execute.transport.headers import header_lines


class TestAddress:
    @pytest.mark.parametrize(
        ("url", "expected"),
        [
            ("http://a", Address("a", 80, False, "a", "/")),  # noqa: FBT003
            ("http://a:80/x", Address("a", 80, False, "a", "/x")),  # noqa: FBT003
            ("https://a/x?y=1&z=%20#f", Address("a", 443, True, "a", "/x?y=1&z=%20")),  # noqa: FBT003
            ("http://a:4001/", Address("a", 4001, False, "a:4001", "/")),  # noqa: FBT003
            ("http://[::1]:1/", Address("::1", 1, False, "[::1]:1", "/")),  # noqa: FBT003
            ("http://a/b c/é", Address("a", 80, False, "a", "/b%20c/%C3%A9")),  # noqa: FBT003
            ("http://bücher/", Address("xn--bcher-kva", 80, False, "xn--bcher-kva", "/")),  # noqa: FBT003
        ],
    )
    def test_a_url_is_taken_apart(self, url: str, expected: Address) -> None:
        assert Address.of(url) == expected

    @pytest.mark.parametrize("url", ["", "a", "ftp://a", "http://", "http://a:b@c/", "http://a:99999/", "http://[::1"])
    async def test_what_is_no_url_of_a_subgraph_leads_nowhere(self, url: str) -> None:
        transport = HttpTransport(url)
        with pytest.raises(SubgraphUnreachable):
            await transport.fetch(SubgraphRequest("s", "{a}"))
        await transport.aclose()

    def test_a_line_break_does_not_get_into_the_request(self) -> None:
        assert "\n" not in Address.of("http://a/b\r\nx: y").target


class TestHeaders:
    def test_headers_are_written_as_they_came(self) -> None:
        assert header_lines({"authorization": "Bearer x", "x-Y": "\xe9 \t"}) == (
            b"authorization: Bearer x\r\nx-Y: \xe9 \t\r\n"
        )

    def test_what_is_not_latin_is_written_in_utf_8(self) -> None:
        assert header_lines({"name": "\u0142"}) == b"name: \xc5\x82\r\n"

    @pytest.mark.parametrize("name", ["Host", "content-length", "Transfer-Encoding", "connection", "expect", "TE"])
    def test_what_is_about_the_clients_own_connection_stays(self, name: str) -> None:
        assert header_lines({name: "x"}) == b""

    @pytest.mark.parametrize(
        ("name", "value"),
        [
            ("a", "x\r\nevil: y"),
            ("a", "x\nevil: y"),
            ("a", "x\ry"),
            ("a", "x\x00"),
            ("a: b\r\nc", "x"),
            ("a b", "x"),
            ("", "x"),
            ("a:", "x"),
        ],
    )
    async def test_what_would_be_something_else_than_one_header_is_refused(self, name: str, value: str) -> None:
        transport = HttpTransport("http://127.0.0.1:1/")
        request = SubgraphRequest("s", "{a}", headers={name: value})
        with pytest.raises(InvalidHeader):
            await transport.fetch(request)
        with pytest.raises(InvalidHeader):
            await anext(transport.subscribe(request))
        await transport.aclose()
