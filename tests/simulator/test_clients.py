"""Clients that were not written for it."""

from __future__ import annotations

from collections.abc import Iterator

import openai
import pytest

from flux_batch.simulator import Simulator, SimulatorOptions, fault, simulator_thread


@pytest.fixture
def sim() -> Iterator[Simulator]:
    """A simulator in a thread, for clients that block."""
    with simulator_thread(SimulatorOptions(latency=(0, 0), key="sk-right", pixels=40_000)) as running:
        yield running


def test_openais_own_client_submits_and_lists(sim: Simulator) -> None:
    """With the contract's other fields in extra_body, and the task's id among the extras of the answer."""
    with openai.OpenAI(base_url=sim.base_url, api_key="sk-right", max_retries=0) as client:
        assert {model.id for model in client.models.list()} == {"flux-kontext-pro", "flux-kontext-max"}
        answer = client.images.generate(
            model="flux-kontext-max",
            prompt="a sage green mug",
            size="3:2",
            extra_body={"client_business_id": "from-openai", "metadata": {"response_format": "png"}},
        )
        assert answer.model_extra is not None
        assert answer.model_extra["id"].startswith("task_img_")
        status = client.get("/images/generations/from-openai", cast_to=object)
        assert isinstance(status, dict)
        assert status["status"] == "completed"
    assert [(entry.business_id, entry.model) for entry in sim.ledger.entries] == [("from-openai", "flux-kontext-max")]


def test_openais_own_client_understands_the_errors(sim: Simulator) -> None:
    """The error JSON is of the shape that it reads."""
    with (
        openai.OpenAI(base_url=sim.base_url, api_key="sk-wrong", max_retries=0) as stranger,
        pytest.raises(openai.AuthenticationError, match="check your API key"),
    ):
        stranger.models.list()
    with openai.OpenAI(base_url=sim.base_url, api_key="sk-right", max_retries=0) as client:
        with pytest.raises(openai.BadRequestError) as caught:
            client.images.generate(model="dall-e-3", prompt="x")
        assert caught.value.code == "invalid_request"


def test_openais_own_retries_bill_twice(sim: Simulator) -> None:
    """What its default of two retries does to a paid POST, and why flux-batch has none."""
    sim.faults.add(fault("error", status=502, billed=True, times=1))
    with openai.OpenAI(base_url=sim.base_url, api_key="sk-right", max_retries=1) as client:
        client.images.generate(model="flux-kontext-pro", prompt="x", extra_body={"client_business_id": "b"})
    assert sim.ledger.double_bills() == {"key-1/b": 2}
