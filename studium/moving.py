"""`studium tenant move`: takes a tenant to another database server, gives that up, or drops what was left."""

import argparse
import asyncio

from sqlalchemy.exc import DBAPIError

from shared.errors import DomainError
from shared.tenancy.copying import CopyDiffers, NotCurrent
from shared.tenancy.moving import Moves
from studium.embedded.errors import CannotStart
from studium.embedded_settings import with_embedded
from studium.migrating import create_admin
from studium.platform import migrations
from studium.settings import StudiumSettings


def move(settings: StudiumSettings, options: argparse.Namespace) -> int:
    """Do one of the three; what is cut off or fails may be run again.

    Raises:
        CannotStart: it was refused, or did not come to its end.
    """
    try:
        print(asyncio.run(_moved(with_embedded(settings), options)))  # noqa: T201 - what the command is for
    except DomainError as error:
        raise CannotStart(f"{options.slug} was not moved: {error}.") from error
    except (NotCurrent, CopyDiffers, DBAPIError, OSError) as error:
        raise CannotStart(f"{options.slug} stays closed until this is run again, or taken back: {error}.") from error
    return 0


async def _moved(settings: StudiumSettings, options: argparse.Namespace) -> str:
    admin = create_admin(settings)
    moves = Moves(admin, migrations())
    try:
        if options.finish:
            await moves.finish(options.slug)
            return f"Nothing of {options.slug} is left where it was."
        if options.take_back:
            await moves.take_back(options.slug)
            return f"{options.slug} is open again where it was."
        await moves.move(options.slug, options.to)
        return f"{options.slug} is on {options.to}; what it left stays until `--finish`."
    finally:
        await admin.aclose()
