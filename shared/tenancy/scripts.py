"""Migrations as SQL, rendered once a process: a tenant's schema is then made by one message to the server.

Alembic sends each statement by itself and waits for its answer, which took most of the time of making a tenant. Its
offline mode writes the statements instead. They name no schema, so the text is the same for every tenant; the
transaction's search path says whose it is.
"""

import io
import re
from functools import cache
from pathlib import Path
from typing import Any, Final

from alembic.operations import Operations
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy.dialects.postgresql.asyncpg import dialect as asyncpg_dialect

VERSION_TABLE: Final = "alembic_version"
_REVISION: Final = re.compile(r"\w+")


@cache
def script_directory(versions: Path) -> ScriptDirectory:
    """The parsed history of a folder of version files; read once a process."""
    return ScriptDirectory(str(versions.parent), version_locations=[str(versions)])


@cache
def head_of(versions: Path) -> str:
    """The newest revision of a history, which must be one line."""
    head = script_directory(versions).get_current_head()
    if head is None:
        raise ValueError(f"There is no revision in {versions}.")
    return head


@cache
def upgrade_script(versions: Path, revision: str | None) -> str:
    """The SQL that brings a schema from `revision` to the newest; from nothing, if it is None.

    Raises:
        ValueError: the history does not know the revision.
    """
    if revision is not None and not _REVISION.fullmatch(revision):
        raise ValueError(f"{revision!r} is no revision.")
    script, written = script_directory(versions), io.StringIO()

    def steps(known: Any, context: MigrationContext) -> Any:
        return script._upgrade_revs("heads", known)  # noqa: SLF001 # pyright: ignore[reportPrivateUsage] - what alembic.command calls

    options: dict[str, Any] = {
        "as_sql": True,
        "output_buffer": written,
        "fn": steps,
        "starting_rev": revision,
        "version_table": VERSION_TABLE,
        "script": script,
        "transactional_ddl": False,
    }
    context = MigrationContext.configure(dialect=asyncpg_dialect(), opts=options)
    context.run_migrations(op=Operations(context))
    return written.getvalue()
