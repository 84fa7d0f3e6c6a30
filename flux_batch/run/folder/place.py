"""Where the images of a run are kept: decided once, noted in the state file, and the same for its whole life."""

from __future__ import annotations

from flux_batch.errors import StateUnusable
from flux_batch.run.folder.identity import has_begun
from flux_batch.run.plane.objects import check_place, web_base
from flux_batch.run.store.state import StateFile

PLACE = "images"
WEB = "images_web"


def claim_place(state: StateFile, wanted: str | None) -> str:
    """The address that images go to, "" for the run folder; None goes on with what is noted once anything was sent.

    Raises StateUnusable where images are kept somewhere else already.
    """
    noted, begun = state.meta(PLACE) or "", has_begun(state)
    if wanted is None and begun:
        wanted = noted
    if wanted:
        check_place(wanted)
    if (wanted or "") == noted:
        return noted
    if begun:
        raise StateUnusable(
            f"the images of {state.path.parent} are kept in {noted or 'the run folder'}: leave --images out to go on "
            "there, or take another folder with --out"
        )
    return _note(state, wanted or "")


def _note(state: StateFile, place: str) -> str:
    web = web_base(place) if place else ""
    with state.db.transaction():
        state.set_meta(PLACE, place)
        state.set_meta(WEB, web)
    return place
