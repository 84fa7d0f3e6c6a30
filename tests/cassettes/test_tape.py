"""What may be in a cassette, and what may not; and that nothing is recorded by accident."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any, Final
from urllib.parse import urlsplit

import pytest
import yaml
from vcr import VCR
from vcr.errors import CannotOverwriteExistingCassetteException
from vcr.request import Request

from flux_batch.api.client import ApiClient
from flux_batch.api.settings import api_settings
from flux_batch.simulator import SimulatorOptions, simulator_thread

from .record import LIVE, SCENES, SIMULATOR, main, record
from .scenes import Stage, order, refused
from .tape import CASSETTES, CONFIG, DUMMY_KEY, body_of, equip

FILES: Final = sorted(CASSETTES.rglob("*.yaml"))
HOSTS: Final[dict[str, set[str | None]]] = {
    "simulator": {urlsplit(SIMULATOR).hostname},
    "published": {"toapis.com", "files.toapis.com"},
    "live": {"toapis.com", "toapis.cn", "api.toapis.com", "api.toapis.cn"},
}
CANARY: Final = "sk-canary-0123456789abcdef"

KEY_LIKE: Final = re.compile(
    rb"\bsk-[\w-]{4,}|\bBearer\b|\bBasic [\w+/=]{8,}|\beyJ[\w-]{10,}\.|-----BEGIN|AKIA[A-Z0-9]{12}", re.IGNORECASE
)


@pytest.mark.parametrize("path", FILES, ids=lambda path: f"{path.parent.name}/{path.stem}")
def test_a_cassette_holds_no_secret(path: Path) -> None:
    """No header that carries one, and nothing that looks like a key, a token or a password anywhere."""
    content = path.read_bytes()
    assert KEY_LIKE.findall(content) == []
    assert not re.search(rb"authorization|cookie|api-key|set-cookie", content, re.IGNORECASE)
    for name in ("toapis_api_key", DUMMY_KEY, CANARY):
        assert name.encode() not in content


@pytest.mark.parametrize("path", FILES, ids=lambda path: f"{path.parent.name}/{path.stem}")
def test_a_cassette_speaks_to_its_own_host(path: Path) -> None:
    """A folder says where its answers came from."""
    tape: dict[str, Any] = yaml.safe_load(path.read_bytes())
    assert tape["version"] == 1
    assert {urlsplit(turn["request"]["uri"]).hostname for turn in tape["interactions"]} <= HOSTS[path.parent.name]


def test_every_cassette_is_played() -> None:
    """None is left over from a test that has gone, and none was recorded by a test that should not."""
    played = set(re.findall(r'default_cassette\("(\w+)"\)', "".join(_sources())))
    on_disk = {path.stem for path in FILES if path.parent.name != "live"}
    assert on_disk == played
    assert {path.stem for path in FILES if path.parent.name == "simulator"} == set(SCENES)
    assert {path.stem for path in FILES if path.parent.name == "live"} <= set(LIVE)


def _sources() -> list[str]:
    return [path.read_text(encoding="utf-8") for path in Path(__file__).parent.glob("test_*.py")]


@pytest.mark.vcr
async def test_nothing_is_recorded_by_running_a_test(vcr: Any) -> None:
    """A request that no cassette holds is refused, and no cassette comes into being."""
    async with ApiClient(api_settings("https://toapis.com", DUMMY_KEY)) as api:
        with pytest.raises(CannotOverwriteExistingCassetteException):
            await api.balance()
    assert len(vcr) == 0
    assert not (CASSETTES / "tape").exists()


def recorder() -> Any:
    """As the script makes it."""
    return equip(VCR(record_mode="once"))


async def test_a_recording_leaves_the_key_out(tmp_path: Path) -> None:
    """The header is dropped before anything is written, and a prompt that differs by a letter is another request."""
    path = tmp_path / "try.yaml"
    with simulator_thread(SimulatorOptions(key=CANARY, pixels=10_000)) as simulator:
        async with ApiClient(api_settings(simulator.base_url, CANARY)) as api:
            with recorder().use_cassette(str(path), **CONFIG):
                task = await api.submit(order("fb-1").body())
        base = simulator.base_url
    content = path.read_bytes()
    assert task.id.encode() in content
    assert CANARY.encode() not in content
    assert b"uthorization" not in content
    async with ApiClient(api_settings(base, "sk-another-key")) as api:
        with recorder().use_cassette(str(path), **CONFIG):
            assert await api.submit(order("fb-1").body()) == task
        with recorder().use_cassette(str(path), **CONFIG), pytest.raises(CannotOverwriteExistingCassetteException):
            await api.submit(order("fb-1").body().replace(b"sage", b"Sage"))


def test_a_cassette_with_the_key_in_it_is_deleted(tmp_path: Path) -> None:
    """A server may repeat the key in its answer, where no header filter looks."""

    async def scene(stage: Stage) -> None:
        async with stage.client() as api:
            await refused(api.status(f"about-{stage.key}"))

    async def wait() -> None:
        pass

    with simulator_thread(SimulatorOptions(key=CANARY)) as simulator:
        stage = Stage(base=simulator.base_url, key=CANARY, wait=wait)
        with pytest.raises(SystemExit, match="the key was in it; deleted"):
            record(tmp_path / "leaky.yaml", scene, stage)
    assert list(tmp_path.iterdir()) == []


def test_multipart_bodies_are_the_same_but_for_their_boundary() -> None:
    """It is drawn anew each time; everything else counts."""

    def upload(boundary: str, content: bytes = b"x") -> Request:
        body = b"--%b\r\n\r\n%b\r\n--%b--\r\n" % (boundary.encode(), content, boundary.encode())
        return Request("POST", "https://toapis.com/v1/uploads/images", body, {})

    assert body_of(upload("0" * 32)) == body_of(upload("f" * 32)) == b"--BOUNDARY\r\n\r\nx\r\n--BOUNDARY--\r\n"
    assert body_of(upload("0" * 32)) != body_of(upload("0" * 32, b"y"))


@pytest.mark.parametrize(
    ("environment", "code", "said"),
    [
        ({"CI": "true", "TOAPIS_API_KEY": CANARY}, 2, "CI never records"),
        ({}, 2, "TOAPIS_API_KEY is not set"),
        ({"TOAPIS_API_KEY": CANARY}, 3, "Nothing was sent"),
    ],
)
def test_live_recording_needs_a_key_and_a_yes(
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    environment: dict[str, str],
    code: int,
    said: str,
) -> None:
    """Never in CI, never without a terminal to say yes at; the price is told before."""
    monkeypatch.delenv("CI", raising=False)
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    assert main(["live"]) == code
    told = "".join(capsys.readouterr())
    assert said in told
    assert CANARY not in told
    assert ("ONE image" in told and "0.04 USD" in told) == (code == 3)


def test_the_script_says_what_it_can() -> None:
    """Two words, no more."""
    assert main(["everything"]) == 2
