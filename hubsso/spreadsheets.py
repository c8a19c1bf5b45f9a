"""Tables as CSV files, streamed, that a spreadsheet opens without running what somebody wrote into a name."""

import csv
from collections.abc import Iterable, Iterator, Sequence

from django.http import StreamingHttpResponse

# A cell that begins so is a formula to a spreadsheet (OWASP, CSV Injection).
_BEGINS_A_FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n", "\uff1d", "\uff0b", "\uff0d", "\uff20")
_CHUNK_ROWS = 200


class _Echo:
    """What `csv.writer` wants: hands back what is written."""

    def write(self, text: str) -> str:
        return text


def csv_file(name: str, header: Sequence[str], rows: Iterable[Sequence[object]]) -> StreamingHttpResponse:
    """A download called `name`. Memory does not grow with the rows, which are read as they are sent."""
    response = StreamingHttpResponse(_lines(header, rows), content_type="text/csv; charset=utf-8")
    response["Content-Disposition"] = f'attachment; filename="{name}"'
    return response


def harmless(cell: object) -> str:
    """The cell as text; where a spreadsheet would take it for a formula, with an apostrophe before it."""
    text = "" if cell is None else str(cell)
    return (
        f"'{text}"
        if text.lstrip().startswith(_BEGINS_A_FORMULA) or text.startswith(_BEGINS_A_FORMULA)
        else text
    )


def _lines(header: Sequence[str], rows: Iterable[Sequence[object]]) -> Iterator[str]:
    """In pieces of some rows: a piece for each row would cost more than the row."""
    write = csv.writer(_Echo()).writerow
    piece = ["\ufeff", write(header)]  # the mark by which a spreadsheet knows UTF-8
    for row in rows:
        piece.append(write([harmless(cell) for cell in row]))
        if len(piece) >= _CHUNK_ROWS:
            yield "".join(piece)
            piece = []
    yield "".join(piece)
