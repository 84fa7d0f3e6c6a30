"""``captions.csv`` and ``disclosure.txt``: what goes with the delivery copies, for people and for a DAM."""

from __future__ import annotations

import csv
import io
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from flux_batch.plan.records import Task
from flux_batch.report.page.phrases import disclosure

CAPTIONS: Final = "captions.csv"
DISCLOSURE: Final = "disclosure.txt"

_FORMULA: Final = tuple(
    "=+-@\t\r\n\N{FULLWIDTH EQUALS SIGN}\N{FULLWIDTH PLUS SIGN}\N{FULLWIDTH HYPHEN-MINUS}\N{FULLWIDTH COMMERCIAL AT}"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Caption:
    """A line of the table. ``rating`` is as in XMP; ``metadata`` says whether the copy carries XMP, or why not."""

    file: str
    alt_text: str
    model: str
    ratio: str
    width: int
    height: int
    rating: int | None
    disclosure: str
    source_type: str
    metadata: str
    original: str
    original_sha256: str
    prompt: str = ""


_NAMES: Final = (
    *("file", "alt_text", "model", "ratio", "width", "height", "rating", "disclosure"),
    *("source_type", "metadata", "original", "original_sha256"),
)


def alt_text(task: Task) -> str:
    """The values that made the image, "mug · linen · 16:9"; never a file name."""
    own = ("job", "model", "n", "ratio")
    labels = [label for axis, label in task.axes.items() if axis not in own]
    ratio = task.axes.get("ratio", task.size)
    return " · ".join([*(labels or [task.job]), *([ratio] if ":" in ratio else [])])


def captions_csv(captions: Sequence[Caption], *, prompts: bool) -> bytes:
    """The table as Excel opens it: UTF-8 with a mark, CRLF, and no cell that a spreadsheet would calculate."""
    names = [*_NAMES, *(["prompt"] if prompts else [])]
    text = io.StringIO()
    table = csv.writer(text, lineterminator="\r\n")
    table.writerow(names)
    for caption in captions:
        table.writerow([_cell(getattr(caption, name)) for name in names])
    return text.getvalue().encode("utf-8-sig", "replace")


def guarded(cell: str) -> str:
    """A cell that no spreadsheet takes for a formula: one that begins like it gets an apostrophe in front."""
    return f"'{cell}" if cell.startswith(_FORMULA) else cell


def _cell(value: object) -> str:
    """A number as it is, -1 too; a text guarded, and without what some readers take for its end."""
    if not isinstance(value, str):
        return "" if value is None else str(value)
    return guarded(value.replace("\x00", "\N{REPLACEMENT CHARACTER}"))


def disclosure_word(rehearsal: bool) -> str:
    """What stands beside each image."""
    return "Placeholder, not for use" if rehearsal else "AI-generated"


def disclosure_txt(captions: Sequence[Caption], *, rehearsal: bool, meanings: Mapping[str, str]) -> bytes:
    """The words to publish with the images, and what their metadata say."""
    lines = [f"{disclosure(rehearsal)}.", "", f"Files: {len(captions):,}, listed in {CAPTIONS}."]
    for source_type, meaning in meanings.items():
        count = sum(caption.source_type == source_type for caption in captions)
        lines += [f"{count:,} {meaning}:", f"  IPTC Digital Source Type {source_type}"] if count else []
    return ("\n".join(lines) + "\n").encode()
