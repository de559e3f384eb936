"""The command line says how streams behave."""

import argparse

from router.serve.streams.options import add_stream_options, streams_of
from router.serve.streams.settings import Overflow, StreamSettings


def parsed(*given: str) -> StreamSettings:
    parser = argparse.ArgumentParser()
    add_stream_options(parser)
    return streams_of(parser.parse_args(given))


def test_without_options_the_defaults_hold() -> None:
    assert parsed() == StreamSettings()


def test_options_say_otherwise() -> None:
    given = "--slow-readers drop-oldest --stream-queue 5 --keep-alive 2 --client-streams 0 --tenant-streams 9"
    assert parsed(*given.split()) == StreamSettings(
        overflow=Overflow.DROP_OLDEST, queue=5, keep_alive_seconds=2.0, client_streams=None, tenant_streams=9
    )
