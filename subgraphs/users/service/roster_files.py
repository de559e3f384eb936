"""Reading a roster: a table as CSV with a line of column names, and writing the rows of one that have errors.

Source: RFC 4180. Cells that a spreadsheet would take for a formula are written with an apostrophe before them, which is
taken away again when they are read. Source: OWASP, "CSV Injection".
"""

import csv
import io
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from subgraphs.users.errors import RosterInvalid

MAX_BYTES: Final = 1_000_000
MAX_ROWS: Final = 10_000
MAX_COLUMNS: Final = 64
FIELD_PREFIX: Final = "field:"
"""Begins the names of columns with values of the tenant's own fields."""
EXTERNAL_ID: Final = "external_id"
EMAIL: Final = "email"
COLUMNS: Final = (EXTERNAL_ID, EMAIL, "display_name", "role", "locale", "time_zone", "org_units")
_WRITTEN: Final = ("line", "problems")
"""Columns of rows that had problems; they are passed over when such rows are imported again."""
_DELIMITERS: Final = ",;\t"
_FORMULA: Final = ("=", "+", "-", "@", "\t", "\r", "\n")
_ESCAPE: Final = "'"
_MOST_NAMED: Final = 40


@dataclass(frozen=True, slots=True)
class RosterRow:
    """One row."""

    line: int
    """Where it begins, from 1, as text editors count."""
    cells: Mapping[str, str]
    """By the column's name, without spaces around them; empty cells are not among them."""
    complete: bool
    """It has as many cells as there are columns."""


@dataclass(frozen=True, slots=True)
class Roster:
    """A whole roster."""

    columns: Sequence[str]
    rows: Sequence[RosterRow]
    repeated: frozenset[int]
    """Lines of rows that have an identifier or an address of a row before them."""

    @property
    def roles(self) -> set[str]:
        return {row.cells["role"].upper() for row in self.rows if "role" in row.cells}


def read_roster(text: str) -> Roster:
    """Read a roster; the delimiter is the one of comma, semicolon and tab that the first line has most of.

    Raises:
        RosterInvalid: it is too large, is no CSV, or has not the columns it must have.
    """
    if len(text.encode()) > MAX_BYTES:
        raise RosterInvalid(f"The roster has more than {MAX_BYTES} bytes")
    text = text.removeprefix("\ufeff")
    first_line = text.partition("\n")[0]
    delimiter = max(_DELIMITERS, key=first_line.count)
    records = _records(text, delimiter)
    header = next(records, None)
    columns = _columns(header[1] if header else ())
    rows = [_row(line, cells, columns) for line, cells in records if any(cells)]
    if len(rows) > MAX_ROWS:
        raise RosterInvalid(f"The roster has more than {MAX_ROWS} rows")
    return Roster(columns, rows, frozenset(_repeated(rows)))


def _records(text: str, delimiter: str) -> Iterator[tuple[int, list[str]]]:
    """Each record with the line that it begins in."""
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)
    while True:
        line = reader.line_num + 1
        try:
            yield line, next(reader)
        except StopIteration:
            return
        except csv.Error as error:
            raise RosterInvalid(f"Line {line} is no CSV: {error}") from error


def _columns(names: Sequence[str]) -> list[str]:
    columns = [name.strip().lower() for name in names]
    if len(columns) > MAX_COLUMNS or len(set(columns)) != len(columns):
        raise RosterInvalid(f"The roster must have at most {MAX_COLUMNS} columns, each once")
    if missing := [name for name in (EXTERNAL_ID, EMAIL) if name not in columns]:
        raise RosterInvalid(f"The roster has no column `{missing[0]}`")
    for name in columns:
        if name not in (*COLUMNS, *_WRITTEN) and not name.startswith(FIELD_PREFIX):
            raise RosterInvalid(f"There is no column `{name[:_MOST_NAMED]}`; there are {', '.join(COLUMNS)}")
    return columns


def _row(line: int, cells: Sequence[str], columns: Sequence[str]) -> RosterRow:
    read = {name: plain for name, cell in zip(columns, cells, strict=False) if (plain := _plain(cell))}
    return RosterRow(line, read, complete=len(cells) == len(columns))


def _repeated(rows: Sequence[RosterRow]) -> Iterator[int]:
    seen: set[tuple[str, str]] = set()
    for row in rows:
        cells = row.cells
        named = {(EXTERNAL_ID, cells.get(EXTERNAL_ID, "")), (EMAIL, cells.get(EMAIL, "").lower())}
        named -= {(EXTERNAL_ID, ""), (EMAIL, "")}
        if named & seen:
            yield row.line
        seen |= named


def write_problems(roster: Roster, problems: Mapping[int, Sequence[str]]) -> str:
    """The rows that have problems, as CSV that can be mended and imported again.

    Args:
        roster: the whole of it.
        problems: by line, what is wrong.
    """
    written = io.StringIO(newline="")
    writer = csv.writer(written)
    columns = [name for name in roster.columns if name not in _WRITTEN]
    writer.writerow([*columns, *_WRITTEN])
    for row in roster.rows:
        if row.line in problems:
            cells = [_harmless(row.cells.get(name, "")) for name in columns]
            writer.writerow([*cells, row.line, _harmless(" ".join(problems[row.line]))])
    return written.getvalue()


def _harmless(cell: str) -> str:
    return _ESCAPE + cell if cell.startswith(_FORMULA) else cell


def _plain(cell: str) -> str:
    stripped = cell.strip()
    return stripped[1:] if stripped.startswith(tuple(_ESCAPE + sign for sign in _FORMULA)) else stripped
