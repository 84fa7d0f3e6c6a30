"""What the sheet says of an image that is not there: a word, the reason, and what to do about it."""

from __future__ import annotations

import shlex
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from flux_batch.report.credentials import Credentials
from flux_batch.report.redact import relative_name, without_queries
from flux_batch.report.summary import PENDING
from flux_batch.run.records import NOT_FETCHED, POLICY, Entry, Phase, RunView

PLANNED: Final = "Not started"

_WORDS: Final = {
    Phase.PLANNED: PLANNED,
    Phase.INTENT: "Being sent",
    Phase.UNCERTAIN: "Uncertain",
    Phase.HELD: "Held",
    Phase.SUBMITTED: "Being made",
    Phase.READY: "Being fetched",
    Phase.STORED: "Stored",
    Phase.FAILED: "Failed",
    Phase.REFUSED: "Refused",
    Phase.SKIPPED: "Skipped",
}

_REASONS: Final = {
    Phase.PLANNED: "Not bought yet.",
    Phase.INTENT: "The request is on its way.",
    Phase.UNCERTAIN: "The answer got lost, so nobody knows yet whether the request arrived.",
    Phase.HELD: "Nobody could find out whether the request arrived. It is not sent again.",
    Phase.SUBMITTED: "The provider is working on it.",
    Phase.READY: "The image is ready at the provider.",
    Phase.FAILED: "The provider gave up on it and refunds it.",
    Phase.REFUSED: "The provider did not take the request. It was not billed.",
    Phase.SKIPPED: "The image it should edit does not exist.",
}


class Tone(StrEnum):
    """How a tile without a picture should look."""

    BAD = "bad"
    """It will not come by itself."""
    ASK = "ask"
    """Money may be involved, and nobody knows yet."""
    WAIT = "wait"
    """It is on its way."""
    DONE = "done"
    """It is there already: in a plan, where it is not shown."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Notice:
    """Why there is no picture, and what to do: ``command`` is for a terminal, ``advice`` follows it or stands alone.

    ``code`` is the provider's or ours. All after ``tone`` may be empty.
    """

    word: str
    reason: str
    tone: Tone
    code: str = ""
    command: str = ""
    advice: str = ""


def notice(entry: Entry, view: RunView) -> Notice | None:
    """What to say instead of the picture; None when there should be one."""
    phase, failure = entry.purchase.phase, entry.purchase.failure
    if phase is Phase.STORED:
        return None
    said = without_queries(failure.message) if failure else ""
    code = failure.code if failure else ""
    command, advice = _help(phase, code, view)
    return Notice(
        word="Paid, not fetched" if code == NOT_FETCHED else _WORDS[phase],
        reason=said or _REASONS[phase],
        tone=Tone.ASK if code == NOT_FETCHED else _tone(phase),
        code=code,
        command=command,
        advice=advice,
    )


def missing(path: str) -> Notice:
    """For an image that was stored, but cannot be read now."""
    return Notice(
        word="File missing",
        reason=f"{path} was bought and stored, but is not in this folder, or no longer an image.",
        tone=Tone.BAD,
        advice="The next run fetches it while the provider keeps it, or put a copy back; it is not bought again.",
    )


def suspicion(reason: str, view: RunView) -> str:
    """For a picture that may be none; a rehearsal's provider cannot be asked again."""
    spec = shlex.quote(relative_name(view.spec_file))
    said = f"This may be a placeholder instead of the image: {reason}."
    return said if view.rehearsal else f"{said} To ask for it again, which buys nothing: flux-batch verify {spec}"


def credentials_said(found: Credentials) -> str:
    """One line about an original's Content Credentials; empty where it has none."""
    by = f", signed by {found.signer}" if found.signer else ""
    return {
        "absent": "",
        "unchecked": "There, not checked (that needs flux-batch[c2pa])",
        "valid": f"Unchanged since it was signed{by}; the signer is on no list of trust known here",
        "trusted": f"Unchanged since it was signed{by}",
        "invalid": f"Broken: changed after it was signed, or not signed as it says{by}",
        "unreadable": "There, but they cannot be read",
    }[found.state]


def disclosure(rehearsal: bool) -> str:
    """The line that tells readers what they are looking at."""
    return "Placeholder pictures drawn by the flux-batch simulator" if rehearsal else "AI-generated images"


def _tone(phase: Phase) -> Tone:
    if phase in PENDING:
        return Tone.WAIT
    return Tone.ASK if phase in (Phase.UNCERTAIN, Phase.HELD) else Tone.BAD


def _help(phase: Phase, code: str, view: RunView) -> tuple[str, str]:
    """The command that helps, and what it does; or no command, and what to do by hand."""
    name = relative_name(view.spec_file)
    spec, again = shlex.quote(name), "rehearse" if view.rehearsal else "run"
    if phase is Phase.REFUSED:
        return (
            "",
            f"Reword the prompt in {name}, then run it again."
            if code in POLICY
            else f"Correct {name}, then run it again.",
        )
    if code == NOT_FETCHED and not view.rehearsal:
        return f"flux-batch resolve {spec}", "has a message for the provider."
    if phase is Phase.FAILED and view.rehearsal:
        return "", "A real run can buy it again."
    return {
        Phase.PLANNED: (f"flux-batch {again} {spec}", "goes on."),
        Phase.UNCERTAIN: (f"flux-batch {again} {spec}", "looks it up before anything is sent again."),
        Phase.HELD: (f"flux-batch rehearse {spec}", "starts it again.")
        if view.rehearsal
        else (f"flux-batch resolve {spec}", "lets you decide."),
        Phase.FAILED: (f"flux-batch run {spec} --retry-failed", "buys it again."),
        Phase.SKIPPED: ("", "It follows when the image it edits is there."),
    }.get(phase, ("", ""))
