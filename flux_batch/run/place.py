"""Where the images of a run are kept: decided once, noted in the state file, and the same for its whole life."""

from __future__ import annotations

from flux_batch.errors import StateUnusable
from flux_batch.run.identity import has_begun
from flux_batch.run.objects import check_place, web_base
from flux_batch.run.state import StateFile

PLACE = "images"
WEB = "images_web"


def claim_place(state: StateFile, wanted: str | None) -> str:
    """The address that images go to, "" for the run folder; None goes on with what is noted.

    Raises StateUnusable where images are kept somewhere else already.
    """
    noted = state.meta(PLACE) or ""
    if wanted is None:
        if noted:
            check_place(noted)
        return noted
    check_place(wanted)
    if wanted == noted:
        return wanted
    if has_begun(state):
        raise StateUnusable(
            f"the images of {state.path.parent} are kept in {noted or 'the run folder'}: leave --images out to go on "
            "there, or take another folder with --out"
        )
    web = web_base(wanted)
    with state.db.transaction():
        state.set_meta(PLACE, wanted)
        state.set_meta(WEB, web)
    return wanted
