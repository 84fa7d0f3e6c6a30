"""CSV and TSV files, as spreadsheets and editors write them."""

from __future__ import annotations

import csv
import hashlib
import io
import unicodedata
from contextlib import suppress
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from flux_batch.spec.tables import TableProblem
from flux_batch.spec.tables.faults import Faults
from flux_batch.spec.tables.read import read_table
from flux_batch.spec.tables.tally import Tally
from tests.spec.tables.conftest import Read, Refused, values


def test_rows_have_names_values_and_places(read: Read) -> None:
    """A place is the line and the column where the cell begins."""
    table = read("data/p.csv", 'sku,Name\nM-1,Sage mug\n\nM-2,"White, small"\n')
    assert table.columns == ("sku", "name")
    assert values(table) == [{"sku": "M-1", "name": "Sage mug"}, {"sku": "M-2", "name": "White, small"}]
    assert [row.place for row in table.rows] == ["data/p.csv:2", "data/p.csv:4"]
    assert table.rows[1].cells["name"].place == "data/p.csv:4:5"
    assert (table.path, table.main) == ("data/p.csv", None)


def test_the_file_is_described(read: Read, folder: Path) -> None:
    """A plan keeps what it was made from."""
    table = read("./data/../data/p.csv", "name\nmug\n")
    (file,) = table.files
    data = (folder / "data/p.csv").read_bytes()
    assert (file.path, file.bytes, file.sha256) == ("data/p.csv", 9, hashlib.sha256(data).hexdigest())


def test_a_table_of_one_column_prints_as_it(read: Read) -> None:
    """The only field is the main one."""
    table = read("p.csv", "name\nmug\nteapot\n")
    assert (table.main, values(table)) == ("name", [{"name": "mug"}, {"name": "teapot"}])


@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
@pytest.mark.parametrize("suffix", ["csv", "CSV", "tsv"])
def test_the_delimiter_is_found(read: Read, delimiter: str, suffix: str) -> None:
    """Also where prices have a comma and texts have semicolons."""
    rows = [["name", "price", "note"], ["mug", "4,50", "a; b"], ["pot", "9,00", "c; d"]]
    lines = [delimiter.join(f'"{cell}"' if delimiter in cell else cell for cell in row) for row in rows]
    assert values(read(f"p.{suffix}", "\n".join(lines)))[0] == {"name": "mug", "price": "4,50", "note": "a; b"}


def test_excels_first_line_names_the_delimiter(read: Read, refused: Refused) -> None:
    """It is no row, and lines are counted with it."""
    table = read("p.csv", "sep=|\r\na,b|c\r\n1|2\r\n")
    assert values(table) == [{"a_b": "1", "c": "2"}]
    assert table.rows[0].place == "p.csv:3"
    assert refused("p.csv", "sep=x\naxb\n")[0].startswith("p.csv:1 | the first line names a separator")


@pytest.mark.parametrize(
    "data",
    [
        "name;note\nGröße;weiß … „gut“\n".encode(),
        "name;note\nGröße;weiß … „gut“\n".encode("utf-8-sig"),
        "name;note\r\nGröße;weiß … „gut“\r\n".encode("cp1252"),
        "name;note\nGröße;weiß … „gut“\n".encode("utf-16"),
        b"\xfe\xff" + "name;note\rGröße;weiß … „gut“\r".encode("utf-16-be"),
    ],
    ids=["utf-8", "utf-8-sig", "cp1252", "utf-16", "utf-16-be"],
)
def test_the_encoding_is_found(read: Read, data: bytes) -> None:
    """A mark decides, then UTF-8, then what Excel on Windows writes."""
    assert values(read("p.csv", data)) == [{"name": "Größe", "note": "weiß … „gut“"}]


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (b"a,b\0\n1,2\n", "p.csv | this is not a text file"),
        ("a,b\n1,2\n".encode("utf-16-le"), "p.csv | this is not a text file"),
        (b"PK\x03\x04\x14\0\0\xff", "p.csv | this is not a text file"),
        (b"a,b\n1,\x81\n", "p.csv:2 | this is neither UTF-8 nor Windows text: the byte 0x81"),
        ("ä,ö\nü,ß\n".encode() + b"x,\xe4\n", "p.csv:3 | most of this file is UTF-8 text, but not all: the byte 0xE4"),
        (b"\xff\xfea\0,", "p.csv | this file says that it is UTF-16"),
    ],
)
def test_what_is_no_text_is_refused(refused: Refused, data: bytes, said: str) -> None:
    """Nothing is guessed that would go unseen."""
    assert refused("p.csv", data)[0].startswith(said)


def test_quotes_are_doubled_and_may_hold_lines(read: Read) -> None:
    """Places stay those of the file."""
    table = read("p.csv", 'name,note,x\r\n"a ""big"" mug" , "two\r\nlines", z\r\n5" screen,n,y\r\n')
    assert values(table) == [
        {"name": 'a "big" mug', "note": "two\nlines", "x": "z"},
        {"name": '5" screen', "note": "n", "x": "y"},
    ]
    assert [cell.place for cell in table.rows[0].cells.values()] == ["p.csv:2:1", "p.csv:2:18", "p.csv:3:8"]
    assert table.rows[1].place == "p.csv:4"


def test_an_open_quote_is_named_where_it_opens(refused: Refused) -> None:
    """Not at the end of the file, where nothing is wrong."""
    assert refused("p.csv", 'a,b\n1,2\n3,"4\n5,6\n') == [
        'p.csv:3:3 | the " that opens here is never closed | put " at the end of the cell'
    ]
    (said,) = refused("p.csv", 'a,b\n3,"4\n5,"6"\n')
    assert said.startswith('p.csv:2:3 | the " that opens here is closed on line 3, but more text follows')
    (said,) = refused("p.csv", 'a,b\n"Best" mug,2\n')
    assert said.endswith('write two quotes for one: ""')
    assert refused("p.csv", 'a,b\n1,"x""y\n')[0].startswith('p.csv:2:3 | the " that opens here is never closed')


def test_rows_may_be_short_but_not_long(read: Read, refused: Refused) -> None:
    """What stands under no name could never be used."""
    assert values(read("p.csv", "a,b,c\n1\n,2\n1,2,3,,\n")) == [{"a": "1"}, {"b": "2"}, {"a": "1", "b": "2", "c": "3"}]
    assert refused("p.csv", "a,b\n1,2\n1,2,3\n4,5,6\n") == [
        f"p.csv:{line}:5 | this row has a column 3, but the first row names 2 columns"
        " | put quotes around a text with a separator in it, or name every column"
        for line in (3, 4)
    ]
    assert "names 1 column |" in refused("p.csv", "prompt\nA mug, on a table\n")[0]


def test_empty_lines_and_rows_are_skipped(read: Read) -> None:
    """Before the header as well."""
    assert values(read("p.csv", '\n , \na,b\n\n,\n  ,""\n1,2\n\n')) == [{"a": "1", "b": "2"}]


def test_titles_become_names(read: Read) -> None:
    """As a template can use them."""
    title = "SKU,Price (EUR),2024,_id,Größe in cm,नाम,İ,m²"
    table = read("p.csv", f"{title}\n1,2,3,4,5,6,7,8\n")
    assert table.columns == ("sku", "price_eur", "c_2024", "id", "größe_in_cm", "नाम", "i̇", "m")
    assert all(name.isidentifier() for name in table.columns)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("Price,price\n1,2\n", "p.csv:1:7 | two columns are named `price`"),
        ("a,---\n1,2\n", 'p.csv:1:3 | the column title "---" has no letter or digit'),
        ("a,,b\n1,2,3\n4,5,6\n", "p.csv:2:3 | column 2 has no name | write one into the first row"),
        ("1,2.5\n3,4\n", "p.csv:1 | the first row must name the columns | put a row above it"),
        (f"a,{'b' * 101}\n1,2\n", "p.csv:1:3 | the column title"),
        ("", "p.csv | the table is empty | the first row names the columns"),
        ("a,b\n", "p.csv | the table names its columns, but has no rows"),
        (",".join(f"c{n}" for n in range(201)), "p.csv:1 | the table has more than 200 columns"),
    ],
)
def test_a_bad_header_is_refused(refused: Refused, text: str, said: str) -> None:
    """Each with what to do."""
    (fault,) = refused("p.csv", text)
    assert fault.startswith(said)


def test_cells_are_the_same_on_every_machine(read: Read) -> None:
    """Composed, stripped, with one kind of line break."""
    assert values(read("p.csv", 'name,b\n\xa0cafe\u0301 ,"x\r\ry"\n')) == [{"name": "café", "b": "x\n\ny"}]


@pytest.mark.parametrize("char", ["\x1b", "\x1f", "\x7f", "\x85", "\u2028", "\u202e", "\u2066", "\ufeff", "\uffff"])
def test_what_nobody_can_see_is_refused(refused: Refused, char: str) -> None:
    """A terminal would obey it, or a label would turn around."""
    assert refused("p.csv", f"a,b\nx,{char}y\n") == [
        f"p.csv:2:3 | this cell has the character U+{ord(char):04X} in it, which nobody can see | take it out"
    ]


def test_all_faults_are_said_at_once_but_not_more_than_fifty(refused: Refused) -> None:
    """Nobody reads more."""
    assert len(refused("p.csv", "a,b\n" + "\x1b,\x1b\n" * 3)) == 6
    assert len(refused("p.csv", "a,b\n" + "\x1b,\x1b\n" * 300)) == 50


def test_limits(refused: Refused) -> None:
    """Far above any plan."""
    assert refused("p.csv", "a\n" + "x" * 8001)[0].startswith("p.csv:2:1 | this cell has 8,001 characters | at most")
    assert refused("p.csv", "a\n" + "x\n" * 100_001) == [
        "p.csv:100002 | the table has more than 100,000 rows | split it"
    ]
    assert refused("p.csv", "a\nx" + "," * 10_000)[0].startswith("p.csv:2 | this row has more than 10,000 cells")
    tally = Tally(Faults())
    tally.cells = 1_000_000
    with pytest.raises(TableProblem, match="more than 1,000,000 filled cells"):
        tally.add_cell("x", "p.csv:7:1")


def test_spreadsheet_times_in_a_column_of_ratios(read: Read, refused: Refused) -> None:
    """Excel shows 16:9 as 16:09 and exports it so."""
    ratios = ["16:9", "16x9", "16/9", "16 : 9", "16:09", "04:03", "32:09:00", "match_input_image"]
    table = read("p.csv", "name,Aspect ratio\n" + "".join(f"a,{ratio}\n" for ratio in ratios))
    found = [row.cells["aspect_ratio"].value for row in table.rows]
    assert found == ["16:9"] * 5 + ["4:3", "32:9", "match_input_image"]
    (said,) = refused("p.csv", "name,ratio\na,0.6729\n")
    assert said.startswith('p.csv:2:3 | "0.6729" is not a ratio')
    assert said.endswith("type 16:9 again")


def test_sizes_are_not_always_ratios(read: Read) -> None:
    """Ten by fifteen centimetres, shoes, and half a litre."""
    sizes = ["10x15", "42.5", "0.5", "A4", "4/6", "16:09"]
    table = read("p.csv", "name;size\n" + "".join(f"a;{size}\n" for size in sizes))
    assert [row.cells["size"].value for row in table.rows] == [*sizes[:-1], "16:9"]
    assert values(read("p.csv", "name,time\na,16:09\n"))[0]["time"] == "16:09"


READABLE = st.text(
    st.characters(exclude_categories=["Cc", "Cf", "Cs", "Cn", "Zl", "Zp"]) | st.sampled_from("\r\n\t\"',;| äé"),
    max_size=12,
)
HEADER = ["sku", "name", "note"]


@settings(max_examples=150, deadline=None)
@given(
    rows=st.lists(st.tuples(st.just("x"), READABLE, READABLE), min_size=1, max_size=8),
    delimiter=st.sampled_from(",;\t|"),
    lineterminator=st.sampled_from(["\n", "\r\n", "\r"]),
    quoting=st.sampled_from([csv.QUOTE_MINIMAL, csv.QUOTE_ALL, csv.QUOTE_NONNUMERIC]),
    encoding=st.sampled_from(["utf-8", "utf-8-sig", "utf-16", "cp1252"]),
)
def test_what_pythons_writer_writes_is_read(
    rows: list[tuple[str, str, str]], delimiter: str, lineterminator: str, quoting: int, encoding: str
) -> None:
    """Any delimiter, line end, quoting and encoding; only blanks at the ends of cells are lost."""
    try:
        data = "".join("".join(row) for row in rows).encode(encoding)
        # Some letters of Windows' code page are UTF-8 by chance: nobody could tell, so these are no example.
        assume(encoding != "cp1252" or set(data.decode("utf-8", "replace")) <= {*map(chr, range(128)), "\ufffd"})
    except UnicodeEncodeError:
        encoding = "utf-8"
    if lineterminator != "\r\n" and any({*"\r\n"} & {*"".join(row)} for row in rows):
        quoting = csv.QUOTE_ALL  # Python 3.11's writer quotes no line break but its own, and then nobody can tell
    out = io.StringIO(newline="")
    writer = csv.writer(out, delimiter=delimiter, lineterminator=lineterminator, quoting=quoting)  # type: ignore[arg-type]
    writer.writerows([HEADER, *rows])

    def expected(text: str) -> str:
        return unicodedata.normalize("NFC", text.replace("\r\n", "\n").replace("\r", "\n")).strip()

    with TemporaryDirectory() as place:
        (Path(place) / "p.csv").write_bytes(out.getvalue().encode(encoding))
        table = read_table(Path(place), "p.csv")
    assert values(table) == [
        {name: text for name, text in zip(HEADER, map(expected, row), strict=True) if text} for row in rows
    ]


@settings(max_examples=150, deadline=None)
@given(st.binary(max_size=200))
def test_any_bytes_are_a_table_or_a_table_problem(data: bytes) -> None:
    """No traceback, whatever is called a table."""
    with TemporaryDirectory() as place:
        for suffix in ("csv", "json", "jsonl", "yaml", "xlsx"):
            (Path(place) / f"p.{suffix}").write_bytes(data)
            with suppress(TableProblem):
                read_table(Path(place), f"p.{suffix}")
