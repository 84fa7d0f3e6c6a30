"""Which job edits which: unknown parents and circles, named."""

from __future__ import annotations

from collections.abc import Iterator

from flux_batch.spec.building.desk import Desk
from flux_batch.spec.records import Job
from flux_batch.spec.words import code, did_you_mean


def check_edits(jobs: dict[str, Job], desk: Desk) -> None:
    """Report every ``edit`` that leads nowhere or back to itself."""
    reported: set[str] = set()
    for job in jobs.values():
        at = (*job.at, "edit")
        if job.edit is None:
            continue
        if job.edit not in jobs:
            if not desk.is_missing_from("jobs"):
                others = [name for name in jobs if name != job.name]
                desk.report(at, f"there is no job {code(job.edit)} to edit", did_you_mean(job.edit, others))
        elif job.edit == job.name:
            desk.report(at, f"job {code(job.name)} edits itself", "name the job whose images it starts from")
        elif (circle := _circle(job, jobs)) and not reported.intersection(circle):
            reported.update(circle)
            way = " → ".join([*circle, circle[0]])
            desk.report(at, f"these jobs edit each other in a circle: {way}", "one of them must make its images itself")


def ancestors(job: Job, jobs: dict[str, Job]) -> Iterator[Job]:
    """The job, its parent, and so on to the first; ends where the chain is broken or comes round."""
    seen: set[str] = set()
    current: Job | None = job
    while current is not None and current.name not in seen:
        seen.add(current.name)
        yield current
        current = jobs.get(current.edit) if current.edit else None


def _circle(job: Job, jobs: dict[str, Job]) -> list[str]:
    """The names on the circle that starts and ends at this job, in the order they edit; empty when there is none."""
    names = [each.name for each in ancestors(job, jobs)]
    return names if jobs[names[-1]].edit == job.name else []
