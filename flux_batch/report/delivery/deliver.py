"""Delivery copies of stored images, in a folder or a zip: named, captioned, marked as AI-generated; never over a file.

The images of the run are only read. Everything is looked at first; when one thing is wrong, nothing is written. Equal
input gives equal bytes, so doing it again after a crash goes on where it stopped.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

from flux_batch.errors import UsageError
from flux_batch.plan.records import Task
from flux_batch.report.delivery.captions import (
    CAPTIONS,
    DISCLOSURE,
    Caption,
    alt_text,
    captions_csv,
    disclosure_txt,
    disclosure_word,
)
from flux_batch.report.delivery.embed import Untouched, embed
from flux_batch.report.delivery.names import delivery_folders, delivery_names
from flux_batch.report.delivery.xmp import COMPOSITE, GENERATED, Facts, packet, source_type
from flux_batch.report.files import write_if_changed
from flux_batch.run.plane.originals import original_bytes as read_original
from flux_batch.run.plane.originals import place_of
from flux_batch.run.records import Entry, Phase, RunView, StoredFile
from flux_batch.spec.words import quoted

EMBEDDED: Final = "embedded"
NOTHING_TO_SAY: Final = "none: a placeholder"
_MEANINGS: Final = {GENERATED: "made by a model from words", COMPOSITE: "made by a model from another picture"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Order:
    """What to deliver. ``ratings`` are by content hash, as XMP has them: -1 for a reject, 0 to 5 stars.

    ``by`` are the axes whose labels name the folders that the copies are sorted into, none for all side by side.
    """

    view: RunView
    folder: Path
    entries: tuple[Entry, ...]
    ratings: Mapping[str, int]
    prompts: bool = False
    by: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Copy:
    """One delivered file; ``written`` is False where the same bytes were there already."""

    caption: Caption
    sha256: str
    bytes: int
    written: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Delivery:
    """What was delivered, and where."""

    target: Path
    copies: tuple[Copy, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Item:
    """One copy to be made."""

    name: str
    task: Task
    file: StoredFile
    rating: int | None


def stored_once(entries: Sequence[Entry]) -> tuple[Entry, ...]:
    """The entries with an image, every file once."""
    first: dict[str, Entry] = {}
    for entry in entries:
        if entry.purchase.file is not None and entry.purchase.phase is Phase.STORED:
            first.setdefault(entry.purchase.file.path, entry)
    return tuple(first.values())


def deliver(order: Order, target: Path) -> Delivery:
    """Write the copies, ``captions.csv`` and ``disclosure.txt``.

    UsageError, and nothing written, when an original is not what was bought, another file is in the way, or no image
    has an axis of ``order.by``; LocalFailure when the disk does not take it.
    """
    _refuse_inside(target, order.folder)
    items = _items(order)
    if target.suffix.lower() == ".zip":
        return _into_zip(order, items, target)
    return _into_folder(order, items, target)


def _refuse_inside(target: Path, folder: Path) -> None:
    if target.resolve().is_relative_to(folder.resolve()):
        raise UsageError(
            f"{target} is inside of the run folder, which is left as it is: choose another place with --to"
        )


def _items(order: Order) -> list[_Item]:
    entries = stored_once(order.entries)
    files = [entry.purchase.file for entry in entries if entry.purchase.file]
    folders = delivery_folders([entry.task for entry in entries], order.by)
    below = [replace(file, path=file.path.removeprefix(f"{order.view.images}/")) for file in files]
    names = delivery_names(below if order.view.images else files)
    return [
        _Item(name=f"{where}{name}", task=entry.task, file=file, rating=order.ratings.get(file.sha256))
        for entry, file, where, name in zip(entries, files, folders, names, strict=True)
    ]


def _into_folder(order: Order, items: Sequence[_Item], target: Path) -> Delivery:
    if target.exists() and not target.is_dir():
        raise UsageError(f"{target} is a file; give a folder, or a name that ends in .zip")
    captions, there = [], set()
    for item in items:
        content, caption = _copy(order, item)
        captions.append(caption)
        there |= {item.name} if _is_there(target / item.name, content) else set()
    beside = _beside(order, captions)
    for name, content in beside.items():
        _is_there(target / name, content)
    copies = []
    for item, caption in zip(items, captions, strict=True):
        content, _ = _copy(order, item)
        if item.name not in there:
            write_if_changed(target / item.name, content)
        copies.append(_done(caption, content, written=item.name not in there))
    for name, content in beside.items():  # last: where they are, everything is
        write_if_changed(target / name, content)
    return Delivery(target=target, copies=tuple(copies))


def _is_there(path: Path, content: bytes) -> bool:
    """Whether these bytes are there already; UsageError when others are."""
    try:
        if path.is_file() and path.read_bytes() == content:
            return True
        if not path.exists() and not path.is_symlink():
            return False
    except OSError as error:
        raise UsageError(f"{path} cannot be read: {error.strerror}; nothing was written") from None
    raise UsageError(
        f"{path} is there already and is something else; nothing was written. Choose another place with --to"
    )


def _into_zip(order: Order, items: Sequence[_Item], target: Path) -> Delivery:
    from flux_batch.report.delivery.archive import new_archive

    captions, copies = [], []
    with new_archive(target) as archive:
        for item in items:
            content, caption = _copy(order, item)
            captions.append(caption)
            archive.add(item.name, content)
            copies.append(_done(caption, content, written=True))
        for name, content in _beside(order, captions).items():
            archive.add(name, content)
        if archive.is_there():
            copies = [replace(copy, written=False) for copy in copies]
        else:
            archive.keep()
    return Delivery(target=target, copies=tuple(copies))


def _done(caption: Caption, content: bytes, *, written: bool) -> Copy:
    return Copy(caption=caption, sha256=hashlib.sha256(content).hexdigest(), bytes=len(content), written=written)


def _beside(order: Order, captions: Sequence[Caption]) -> dict[str, bytes]:
    return {
        CAPTIONS: captions_csv(captions, prompts=order.prompts),
        DISCLOSURE: disclosure_txt(captions, rehearsal=order.view.rehearsal, meanings=_MEANINGS),
    }


def _copy(order: Order, item: _Item) -> tuple[bytes, Caption]:
    """The bytes of a copy, and its line in the table."""
    original = original_bytes(order.folder, item.file)
    facts = Facts(
        source_type=source_type(item.task, rehearsal=order.view.rehearsal),
        rating=item.rating,
        prompt=item.task.prompt if order.prompts else "",
    )
    content, metadata = _marked(original, packet(facts))
    return content, Caption(
        file=item.name,
        alt_text=alt_text(item.task),
        model=item.task.model,
        ratio=item.task.size,
        width=item.file.width,
        height=item.file.height,
        rating=item.rating,
        disclosure=disclosure_word(order.view.rehearsal),
        source_type=facts.source_type,
        metadata=metadata,
        original=item.file.path,
        original_sha256=item.file.sha256,
        prompt=item.task.prompt,
    )


def _marked(original: bytes, xmp: bytes) -> tuple[bytes, str]:
    if not xmp:
        return original, NOTHING_TO_SAY
    try:
        return embed(original, xmp), EMBEDDED
    except Untouched as reason:
        return original, str(reason)


def original_bytes(folder: Path, file: StoredFile) -> bytes:
    """A stored image as it was bought; UsageError when it is gone or changed."""
    try:
        content = read_original(file.path, folder)
    except OSError as error:
        reason = error.strerror or str(error)
        raise UsageError(
            f"{place_of(file.path, folder)} cannot be read: {reason}; nothing was written. {_MEND}"
        ) from None
    if hashlib.sha256(content).hexdigest() != file.sha256:
        raise UsageError(f"{quoted(file.path)} is not what was bought: its bytes changed; nothing was written. {_MEND}")
    return content


_MEND: Final = "Try: flux-batch verify"
