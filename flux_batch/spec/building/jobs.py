"""Jobs and what they inherit → ``Job`` records, still without the rules that add and leave out combinations."""

from __future__ import annotations

from flux_batch.spec.building.desk import Desk, Layer, items, written
from flux_batch.spec.building.pairs import read_pairs
from flux_batch.spec.building.variables import read_variables
from flux_batch.spec.records import Job, Scalar, Variable, Where
from flux_batch.spec.vocabulary import MATCH_INPUT
from flux_batch.spec.words import code

ONLY_JOB = "main"
"""The name of the job in a file without ``jobs:``."""


def read_jobs(top: Layer, shared: dict[str, Variable], desk: Desk) -> tuple[Job, ...]:
    """Every job in the order of the file, with the ``shared`` variables; a file without ``jobs:`` is one job."""
    if "jobs" not in top.values:
        return _only_job(top, shared, desk)
    section = top.section("jobs")
    return tuple(
        _job(name, Layer(values, (*section.at, name)), top, shared, desk) for name, values in section.values.items()
    )


def _only_job(top: Layer, shared: dict[str, Variable], desk: Desk) -> tuple[Job, ...]:
    if "prompt" not in top.values:
        if not desk.is_lost("prompt", "jobs"):
            desk.report((), "there is nothing to draw: the file has no `prompt` and no `jobs`", "add `prompt: …`")
        return ()
    return (_job(ONLY_JOB, Layer({}, ()), top, shared, desk),)


def _job(name: str, own: Layer, top: Layer, shared: dict[str, Variable], desk: Desk) -> Job:
    defaults = top.section("defaults")
    # An edit follows its parent, not the top of the file: what stands there was said about pictures made from nothing.
    follows = (own, defaults) if "edit" in own.values else (own, defaults, top)
    prompt, prompt_at = written("prompt", own, defaults, top)
    # Nor does it take a picture to start from: that is its parent's.
    reference, reference_at = written("reference", *((own,) if "edit" in own.values else follows))
    models, models_at = written("models", *follows)
    ratios, ratios_at = written("ratios", *follows)
    variables = {**shared, **(read_variables(own, desk) if own.at else {})}
    options = {key: (value, layer) for layer in (top, defaults, own) for key, value in _options(layer).items()}
    job = Job(
        name=name,
        prompt=prompt or "",
        prompt_at=prompt_at,
        variables=tuple(variables.values()),
        models=tuple(model for model, _ in items(models, models_at)),
        ratios=tuple(ratio for ratio, _ in items(ratios, ratios_at)),
        ratios_at=ratios_at,
        options={key: value for key, (value, _) in options.items()},
        options_at={key: (*layer.at, "options", key) for key, (_, layer) in options.items()},
        reference=reference,
        reference_at=reference_at,
        edit=own.values.get("edit"),
        repeat=written("repeat", *follows)[0] or 1,
        pairs=read_pairs(*written("pair", own, top), variables, desk, elsewhere=_everywhere(top)),
        where=_where(own, top),
        at=own.at,
    )
    _check(job, desk)
    return job


def _everywhere(top: Layer) -> frozenset[str]:
    """The names of all jobs' own variables: a pair at the top of the file may be about some of the jobs."""
    jobs = top.section("jobs").values.values()
    return frozenset(name for job in jobs for name in job.get("variables", {}))


def _options(layer: Layer) -> dict[str, Scalar]:
    return dict(layer.values.get("options", {}))


def _where(own: Layer, top: Layer) -> tuple[Where, ...]:
    found = [Where(text=own.values["where"], at=(*own.at, "where"))] if "where" in own.values else []
    if "where" in top.values:
        found.append(Where(text=top.values["where"], at=("where",), shared=own.at != ()))
    return tuple(found)


def _check(job: Job, desk: Desk) -> None:
    if not job.prompt and not desk.is_lost("prompt", "<<"):
        desk.report(job.at, f"job {code(job.name)} has no prompt", "give it one, or one at the top for all", key=True)
    if job.edit is not None and job.reference is not None:
        desk.report(
            job.reference_at,
            f"job {code(job.name)} has both `edit` and `reference`, but an image starts from one other image",
            f"keep `edit` to start from the images of {code(job.edit)}, or `reference` to start from a file",
            key=True,
        )
    if (
        MATCH_INPUT in job.ratios
        and job.edit is None
        and job.reference is None
        and not desk.is_lost("reference", "edit")
    ):
        desk.report((*job.ratios_at, job.ratios.index(MATCH_INPUT)), *no_size(job))


def no_size(job: Job) -> tuple[str, str]:
    """Message and hint where a job that starts from nothing would take the size of what it starts from."""
    return (
        f"{MATCH_INPUT} takes its size from another image, but job {code(job.name)} has no `reference` or `edit`",
        'write a ratio, like "1:1", or add a reference',
    )
