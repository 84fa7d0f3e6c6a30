"""A table → how a first spec uses it: what names its rows, what goes into the prompt, what are pictures or ratios."""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Iterator, Sequence
from decimal import Decimal
from itertools import combinations
from pathlib import Path, PurePosixPath
from typing import Final

from flux_batch.cli.starting.drafting import Sheet
from flux_batch.errors import UsageError
from flux_batch.spec.beside.files import ReferenceProblem, inspect_reference
from flux_batch.spec.building.fields import NAMES
from flux_batch.spec.building.variables import AXES, TEMPLATE_WORDS
from flux_batch.spec.tables import Row, Table, TableProblem
from flux_batch.spec.tables.read import read_table
from flux_batch.spec.vocabulary import RATIOS
from flux_batch.spec.words import plain, shown

SHOWN_MAX: Final = 40
"""Columns described; nobody reads more."""
EXAMPLE_MAX: Final = 44
PROMPT_TEXT_MAX: Final = 600
"""Characters of a cell that still belongs into a prompt; a longer one is an article about the product."""

TITLES: Final = (
    "name", "title", "product", "item", "article", "model", "subject", "product_name", "item_name", "product_title",
    "produkt", "produktname", "produktbezeichnung", "artikel", "artikelname", "artikelbezeichnung", "bezeichnung",
    "titel", "ware", "nom", "titre", "produit", "nombre", "titulo", "título", "producto", "articulo", "artículo",
    "nome", "prodotto", "articolo", "naam",
)  # fmt: skip
"""Headers of what a thing is called, in the languages of our first users."""
DESCRIPTIONS: Final = (
    "description", "short_description", "desc", "details", "finish", "material", "colour", "color", "look",
    "beschreibung", "kurzbeschreibung", "farbe", "oberfläche", "oberflaeche", "ausführung", "beschrijving", "kleur",
    "descripcion", "descripción", "couleur", "matière", "descrizione", "colore", "materiale",
)  # fmt: skip
PICTURES: Final = (".jpg", ".jpeg", ".png", ".webp", ".gif")
_PLURAL: Final = re.compile(r"[a-z][a-z0-9_]{2,}s")


def real_path(path: Path) -> Path:
    """Where a table really lies: a link may lead out of the folder that it is in."""
    if not os.path.lexists(path):
        raise UsageError(f"there is no file {path}")
    try:
        return path.resolve() if path.is_symlink() else path
    except (OSError, RuntimeError) as error:
        raise UsageError(f"{path} cannot be followed: {error}") from None


def open_table(path: Path) -> Table:
    """The table in a file anywhere; UsageError with everything that is wrong with it."""
    try:
        return read_table(path.parent, path.name)
    except TableProblem as error:
        lines = [f"{each.place}: {each.message}" if each.place else each.message for each in error.faults]
        hints = [f"\n    {each.hint}" if each.hint else "" for each in error.faults]
        raise UsageError("\n".join(f"{line}{hint}" for line, hint in zip(lines, hints, strict=True))) from None


def sheet_of(table: Table, path: str, folder: Path) -> Sheet:
    """How a spec in ``folder`` uses a table that lies at ``path`` below it; UsageError where its rows have no names."""
    variable = variable_name(path)
    label = label_of(table)
    reference = _reference(table, path, folder, variable)
    ratio = next((column for column in table.columns if _is_ratios(table, column)), "")
    return Sheet(
        variable=variable,
        path=path,
        label=label,
        prompt=_prompt(table, variable, label),
        reference=reference,
        ratio=f"{{{{ {variable}.{ratio} }}}}" if ratio else "",
        remarks=(*_described(table, path, variable), *_unused(table, reference, ratio, variable)),
    )


def variable_name(path: str) -> str:
    """The file's name in the singular where that is plain: ``products.csv`` → ``product``, else ``row``."""
    name = re.sub(r"[ -]+", "_", PurePosixPath(path).stem.lower())
    if not _PLURAL.fullmatch(name) or name.endswith(("ss", "us", "is", "news", "series")):
        return "row"
    singular = f"{name[:-3]}y" if name.endswith("ies") else re.sub(r"(?:(ss|ch|sh|x|z)e)?s$", r"\1", name)
    return "row" if singular in (*AXES, *TEMPLATE_WORDS) else singular


def label_of(table: Table) -> str:
    """The column that names rows, as the language chooses it, or two columns that do so together."""
    named = [name for name in NAMES if name in table.columns]
    for column in (*named, table.main or "", *table.columns):
        if _tell_apart(table.rows, column):
            return column
    for first, second in combinations(table.columns[:8], 2):
        if _tell_apart(table.rows, first, second):
            return f"{{{{ {first} }}}} {{{{ {second} }}}}"
    raise UsageError(
        f"{table.path}: no column has a name of its own for every row, so nothing can name the images\n"
        "    add a column like sku or id, filled in and different in each row"
    )


def _tell_apart(rows: Sequence[Row], *columns: str) -> bool:
    found = [" ".join(" ".join(_text(row, column) for column in columns).split()) for row in rows]
    return all(found) and len(set(found)) == len(found)


def _prompt(table: Table, variable: str, label: str) -> str:
    """The columns that say most: what a thing is called, then how it looks; an empty cell leaves its part out."""
    texts = [column for column in table.columns if _is_text(table, column)]
    titles = [column for column in texts if column in TITLES and _is_filled(table, column)]
    filled = [column for column in texts if _is_filled(table, column) and column not in ("sku", "id", "label")]
    # The columns that name a row: where one of them is empty, another is not.
    names = re.findall(r"\{\{ (\w+) \}\}", label) or [label]
    first = [*titles, *filled][:1] or names
    rest = [column for column in texts if column in DESCRIPTIONS and column not in first]
    parts = [_part(table, variable, column, ", ") for column in rest[:3]]
    return " ".join(_part(table, variable, column) for column in first) + "".join(parts)


def _part(table: Table, variable: str, column: str, before: str = "") -> str:
    way = f"{variable}.{column}"
    part = f"{before}{{{{ {way} }}}}"
    return part if _is_filled(table, column) else f"{{% if {way} %}}{part}{{% endif %}}"


def _is_text(table: Table, column: str) -> bool:
    """Whether a column holds words for a prompt: no numbers, no paths, no ratios, no articles."""
    found = list(_values(table, column))
    words = [value for value in found if isinstance(value, str) and re.search(r"[^\W\d_]{2}", value)]
    usable = all(len(value) <= PROMPT_TEXT_MAX and not _is_picture(value) and "://" not in value for value in words)
    return bool(found) and len(words) == len(found) and usable


def _is_filled(table: Table, column: str) -> bool:
    return all(column in row.cells for row in table.rows)


def _is_ratios(table: Table, column: str) -> bool:
    return _is_filled(table, column) and all(value in RATIOS for value in _values(table, column))


def _reference(table: Table, path: str, folder: Path, variable: str) -> str:
    """The template of a column whose cells are all pictures, from the spec's folder or from the table's."""
    beside = PurePosixPath(path).parent.as_posix()
    for column in table.columns:
        pictures = [str(value) for value in _values(table, column)]
        if not _is_filled(table, column) or not all(map(_is_picture, pictures)):
            continue
        for start in dict.fromkeys(("", f"{beside}/" if beside != "." else "")):
            if _are_usable(folder, start, pictures):
                return f"{start}{{{{ {variable}.{column} }}}}"
    return ""


def _is_picture(value: object) -> bool:
    return isinstance(value, str) and value.lower().endswith(PICTURES)


def _are_usable(folder: Path, start: str, pictures: Iterable[str]) -> bool:
    """Whether all can be uploaded; an https address is taken at its word, as nothing is sent now."""
    try:
        for picture in dict.fromkeys(pictures):
            if start or not picture.startswith("https://"):
                inspect_reference(folder, f"{start}{picture}")
    except ReferenceProblem:
        return False
    return True


def _described(table: Table, path: str, variable: str) -> Iterator[str]:
    """The columns, each as a prompt takes it, with the first value that it has."""
    rows = f"{len(table.rows):,} row{'' if len(table.rows) == 1 else 's'}"
    yield f"The table {shown(path)} has {rows}. A prompt takes a column like this:"
    ways = {column: f"{{{{ {variable}.{column} }}}}" for column in table.columns[:SHOWN_MAX]}
    width = min(32, max(map(len, ways.values())))
    for column, way in ways.items():
        values = iter([plain(value) for value in _values(table, column)])
        yield f"  {way:<{width}}  {_cut(next(values, '(empty)'))}".rstrip()
    if len(table.columns) > SHOWN_MAX:
        yield f"  and {len(table.columns) - SHOWN_MAX} more"


def _cut(text: str) -> str:
    line = shown(text)
    return line if len(line) <= EXAMPLE_MAX else f"{line[: EXAMPLE_MAX - 1]}…"


def _unused(table: Table, reference: str, ratio: str, variable: str) -> Iterator[str]:
    """What looks like pictures or ratios and is not used, and why."""
    for column in table.columns:
        values = [str(value) for value in _values(table, column)]
        if not reference and any(map(_is_picture, values)):
            yield f"`{column}` looks like pictures. Once all of them lie in this folder, start from them with"
            yield f'  reference: "{{{{ {variable}.{column} }}}}"'
        if not ratio and sum(bool(re.fullmatch(r"\d{1,2}:\d{1,2}", value)) for value in values) > len(values) / 2:
            yield f"`{column}` looks like ratios, but not every row has one of {', '.join(RATIOS)}"


def _values(table: Table, column: str) -> Iterator[object]:
    return (row.cells[column].value for row in table.rows if column in row.cells)


def _text(row: Row, column: str) -> str:
    """A cell's text, empty for lists and groups: they name nothing."""
    value = row.cells[column].value if column in row.cells else ""
    return plain(value) if isinstance(value, str | int | Decimal) else ""
