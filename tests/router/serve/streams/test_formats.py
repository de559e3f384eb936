"""Which streams an `Accept` names, and when one is the only way to answer."""

import pytest

from router.serve.streams.formats import Format, Formats, accepted_formats

APOLLO = (
    "multipart/mixed;boundary=graphql;subscriptionSpec=1.0,application/graphql-response+json,application/json;q=0.9"
)
URQL = (
    "application/graphql-response+json, application/graphql+json, application/json, text/event-stream, multipart/mixed"
)


@pytest.mark.parametrize(
    "accept",
    [None, "", "*/*", "application/json", "text/html,*/*;q=0.8", "text/event-stream;q=0", "multipart/form-data"],
)
def test_most_clients_take_no_streams(accept: str | None) -> None:
    assert accepted_formats(accept) is None


@pytest.mark.parametrize(
    ("accept", "formats"),
    [
        ("text/event-stream", Formats(Format.EVENT_STREAM, Format.EVENT_STREAM, Format.EVENT_STREAM)),
        ("Text/Event-Stream, */*", Formats(Format.EVENT_STREAM, None, None)),
        ("text/event-stream, multipart/mixed", Formats(Format.EVENT_STREAM, Format.INCREMENTAL, Format.EVENT_STREAM)),
        (URQL, Formats(Format.EVENT_STREAM, Format.INCREMENTAL, None)),
        (APOLLO, Formats(Format.SUBSCRIPTION, None, None)),
        ('multipart/mixed; subscriptionSpec="1.0", application/json', Formats(Format.SUBSCRIPTION, None, None)),
        ("multipart/mixed;deferSpec=20220824," + APOLLO, Formats(Format.SUBSCRIPTION, Format.INCREMENTAL_2022, None)),
        ("multipart/mixed;incrementalSpec=v0.2," + APOLLO, Formats(Format.SUBSCRIPTION, Format.INCREMENTAL, None)),
        ("multipart/mixed;deferSpec=20220824", Formats(None, Format.INCREMENTAL_2022, Format.INCREMENTAL_2022)),
        (
            "text/event-stream;q=0.1, multipart/mixed;subscriptionSpec=1.0;q=0.5, application/json;q=0.9",
            Formats(Format.SUBSCRIPTION, None, None),
        ),
    ],
)
def test_those_that_do_say_in_which_formats(accept: str, formats: Formats) -> None:
    assert accepted_formats(accept) == formats


@pytest.mark.parametrize("parameter", ["subscriptionSpec=2.0", "deferSpec=20300101", "incrementalSpec=v9"])
def test_a_format_that_nobody_knows_is_none(parameter: str) -> None:
    assert accepted_formats(f"multipart/mixed;{parameter}, application/json") is None
