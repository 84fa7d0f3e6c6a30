"""Content Credentials: found by a look at the container, checked with the extra, told in manifest and sheet."""

from __future__ import annotations

import datetime as dt
import io
import json
import os
import shutil
from collections.abc import Callable
from dataclasses import replace
from functools import cache
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from PIL import Image

from flux_batch.report import credentials as module
from flux_batch.report.credentials import ABSENT, CACHE, Credentials, credentials_of
from flux_batch.report.manifest import manifest
from flux_batch.report.page.aside import credentials_told
from flux_batch.report.write import write_report
from flux_batch.run.plane.credentials import LOOK, has_credentials
from flux_batch.run.plane.thumbs import SMALL, thumb_name
from flux_batch.run.plane.webp import webp_size
from flux_batch.run.records import RunView, StoredFile

from .conftest import make_task, make_view, sha, stored
from .test_manifest import validate

KINDS = ("PNG", "JPEG", "WEBP")
MIME = {"PNG": "image/png", "JPEG": "image/jpeg", "WEBP": "image/webp"}
AXES = {"motif": "mug", "model": "flux-kontext-pro", "ratio": "1:1", "n": "1"}
MADE = "http://cv.iptc.org/newscodes/digitalsourcetype/trainedAlgorithmicMedia"


@cache
def plain(kind: str) -> bytes:
    """A picture without any."""
    content = io.BytesIO()
    Image.linear_gradient("L").resize((64, 64)).convert("RGB").save(content, kind)
    return content.getvalue()


@cache
def signed(kind: str) -> bytes:
    """The same, signed by somebody on no list of trust."""
    c2pa = pytest.importorskip("c2pa", reason="needs flux-batch[c2pa]")
    chain, key = _certificates()
    actions = {"actions": [{"action": "c2pa.created", "digitalSourceType": MADE}]}
    claim = {
        "claim_generator_info": [{"name": "painter </script>", "version": "3"}],
        "assertions": [{"label": "c2pa.actions", "data": actions}],
    }
    info = c2pa.C2paSignerInfo(alg=b"es256", sign_cert=chain, private_key=key, ta_url=None)
    content = io.BytesIO()
    with c2pa.Signer.from_info(info) as signer, c2pa.Builder(json.dumps(claim)) as builder:
        builder.sign(signer, MIME[kind], io.BytesIO(plain(kind)), content)
    return content.getvalue()


@cache
def _certificates() -> tuple[bytes, bytes]:
    """A chain of two and the signer's key, made for this test alone."""
    from cryptography import x509
    from cryptography.hazmat.primitives import hashes, serialization
    from cryptography.hazmat.primitives.asymmetric import ec
    from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

    def certificate(
        name: str, key: ec.EllipticCurvePrivateKey, above: x509.Name, by: ec.EllipticCurvePrivateKey
    ) -> bytes:
        ours = name == "Tests CA"
        now = dt.datetime.now(dt.UTC)
        usage = {"digital_signature": True, "key_cert_sign": ours, "crl_sign": ours}
        unused = "content_commitment key_encipherment data_encipherment key_agreement encipher_only decipher_only"
        made = (
            x509.CertificateBuilder()
            .subject_name(named(name))
            .issuer_name(above)
            .public_key(key.public_key())
            .serial_number(x509.random_serial_number())
            .not_valid_before(now - dt.timedelta(days=1))
            .not_valid_after(now + dt.timedelta(days=1))
            .add_extension(x509.BasicConstraints(ca=ours, path_length=None), critical=True)
            .add_extension(x509.KeyUsage(**usage, **dict.fromkeys(unused.split(), False)), critical=True)
            .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
            .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(by.public_key()), critical=False)
        )
        if not ours:
            made = made.add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.EMAIL_PROTECTION]), critical=False)
        return made.sign(by, hashes.SHA256()).public_bytes(serialization.Encoding.PEM)

    def named(name: str) -> x509.Name:
        return x509.Name(
            [x509.NameAttribute(NameOID.COMMON_NAME, name), x509.NameAttribute(NameOID.ORGANIZATION_NAME, "Paint & Co")]
        )

    root, leaf = ec.generate_private_key(ec.SECP256R1()), ec.generate_private_key(ec.SECP256R1())
    chain = certificate("Tests signer", leaf, named("Tests CA"), root) + certificate(
        "Tests CA", root, named("Tests CA"), root
    )
    key = leaf.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    return chain, key


Keep = Callable[[str, bytes, str], StoredFile]


@pytest.fixture
def keep(folder: Path) -> Keep:
    """Puts an image into the run folder as the run would have."""

    def put(name: str, content: bytes, kind: str) -> StoredFile:
        path = folder / "images" / name
        path.parent.mkdir(exist_ok=True)
        path.write_bytes(content)
        return StoredFile(
            path=f"images/{name}", sha256=sha(content), bytes=len(content), width=64, height=64, mime=MIME[kind]
        )

    return put


@pytest.mark.parametrize("kind", KINDS)
def test_a_look_at_the_container(kind: str, tmp_path: Path) -> None:
    """They are there or not, whoever made the box; a file that ends early says nothing."""
    path = tmp_path / "picture"
    path.write_bytes(plain(kind))
    assert has_credentials(path) is False
    path.write_bytes(signed(kind))
    assert has_credentials(path) is True
    path.write_bytes(signed(kind)[:20])
    assert has_credentials(path) is False


@pytest.mark.parametrize("before", [0, 16_338, 16_339, 16_340, 16_384, 50_000])
def test_a_box_far_behind(before: int, tmp_path: Path) -> None:
    """What is read at once ends before it, in it or after it."""

    def chunk(name: bytes, length: int) -> bytes:
        return length.to_bytes(4, "big") + name + bytes(length + 4)

    path = tmp_path / "picture"
    start = b"\x89PNG\r\n\x1a\n" + chunk(b"tEXt", before)
    for name in (b"caBX", b"IDAT"):
        path.write_bytes(start + chunk(name, 2))
        assert has_credentials(path) is (name == b"caBX")


def test_what_cannot_be_looked_at(tmp_path: Path) -> None:
    """Nothing there, nothing in it, a folder."""
    (tmp_path / "empty").touch()
    assert [has_credentials(path) for path in (tmp_path / "no", tmp_path / "empty", tmp_path)] == [None] * 3


@given(st.binary(max_size=300), st.sampled_from([b"\x89PNG\r\n\x1a\n", b"\xff\xd8\xff", b"RIFF\xff\xff\xff\xffWEBP"]))
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_any_bytes_are_looked_at(tmp_path: Path, content: bytes, start: bytes) -> None:
    """No bytes make it fail or go on for ever."""
    path = tmp_path / "picture"
    path.write_bytes(start + content)
    assert has_credentials(path) in (True, False)


@pytest.mark.parametrize("kind", KINDS)
def test_they_are_checked(kind: str, keep: Keep, folder: Path) -> None:
    """Valid until a byte of the picture changes; an unsigned picture has none; what is gone is left out."""
    content = signed(kind)
    place = {"PNG": content.rfind(b"IDAT") + 20, "JPEG": -20, "WEBP": content.find(b"VP8") + 60}
    broken = bytearray(content)
    broken[place[kind]] ^= 1
    files = [keep("a", content, kind), keep("b", bytes(broken), kind), keep("c", plain(kind), kind)]
    gone = replace(files[0], path="images/gone", sha256="0" * 64)
    good, bad, none = (credentials_of([*files, gone], folder)[file.sha256] for file in files)
    assert gone.sha256 not in credentials_of([gone], folder)
    assert (good.state, good.signer, good.generator) == ("valid", "Paint & Co", "painter </script> 3")
    assert good.problems == ("signingCredential.untrusted",)
    assert (bad.state, bad.signer) == ("invalid", "Paint & Co")
    assert any("mismatch" in problem for problem in bad.problems)
    assert none == Credentials(state="absent")


def test_what_a_run_saw_is_not_read_again(keep: Keep, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """As long as the file is as long as it was, and the look is the same."""
    read: list[str] = []
    monkeypatch.setattr(module, "has_credentials", lambda path: read.append(Path(path).name))
    seen = replace(keep("seen", plain("PNG"), "PNG"), bare=LOOK)
    longer = replace(keep("longer", plain("JPEG"), "JPEG"), bare=LOOK, bytes=1)
    earlier = replace(keep("earlier", plain("WEBP"), "WEBP"), bare=LOOK + 1)
    assert credentials_of([seen, longer, earlier], folder) == {seen.sha256: ABSENT}
    assert sorted(read) == ["earlier", "longer"]


def test_without_the_extra_they_are_only_found(keep: Keep, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """That is said, and nothing is remembered as checked."""
    file = keep("a", signed("PNG"), "PNG")
    monkeypatch.setattr(module, "can_check", lambda: False)
    found = credentials_of([file], folder)
    assert found[file.sha256].state == "unchecked"
    assert not (folder / CACHE).exists()
    view = make_view((stored(make_task(1, AXES), file),))
    assert "flux-batch[c2pa]" in credentials_told(view, found)[0][0]


def test_a_box_that_holds_nothing_sound(keep: Keep, folder: Path) -> None:
    """Present, and not to be read."""
    content = signed("PNG")
    at = content.index(b"caBX") + 4
    file = keep("a", content[:at] + b"\x00" * 40 + content[at + 40 :], "PNG")
    assert credentials_of([file], folder)[file.sha256].state == "unreadable"


def test_what_was_checked_is_remembered_by_content_and_change(
    keep: Keep, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The same file is not checked twice; one that was touched is; a broken memory is none."""
    file = keep("a", signed("PNG"), "PNG")
    first = credentials_of([file], folder)
    monkeypatch.setattr(module, "check", lambda content, mime: pytest.fail("checked again"))
    assert credentials_of([file], folder) == first
    monkeypatch.undo()
    (folder / CACHE).write_text('{"checker": "x", "found": 3}')
    assert credentials_of([file], folder) == first
    (folder / file.path).write_bytes(plain("PNG"))
    assert credentials_of([file], folder)[file.sha256].state == "absent"


def test_what_changed_is_checked_again(keep: Keep, folder: Path) -> None:
    """A file that is another one by now, and everything by a newer checker."""
    content = signed("PNG")
    file = keep("a", content, "PNG")
    assert credentials_of([file], folder)[file.sha256].state == "valid"
    broken = bytearray(content)
    broken[content.rfind(b"IDAT") + 20] ^= 1
    (folder / file.path).write_bytes(broken)
    assert credentials_of([file], folder)[file.sha256].state == "invalid"
    memory = json.loads((folder / CACHE).read_text("utf-8"))
    for found in memory["found"].values():
        found["state"] = "trusted"
    (folder / CACHE).write_text(json.dumps(memory), "utf-8")
    assert credentials_of([file], folder)[file.sha256].state == "trusted"
    (folder / CACHE).write_text(json.dumps(memory | {"checker": "an older one"}), "utf-8")
    assert credentials_of([file], folder)[file.sha256].state == "invalid"


def test_what_carries_none_is_remembered_too(keep: Keep, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The same file is not looked at twice; one that changed is, and everything by a newer look."""
    files = [keep(kind, plain(kind), kind) for kind in KINDS]
    first = credentials_of(files, folder)
    assert set(first.values()) == {ABSENT}
    looked: list[str] = []

    def look(path: str) -> bool | None:
        looked.append(Path(path).name)
        return has_credentials(path)

    monkeypatch.setattr(module, "has_credentials", look)
    assert credentials_of(files, folder) == first
    assert looked == []
    os.utime(folder / files[0].path, ns=(1, 1))
    assert credentials_of(files, folder) == first
    assert looked == ["PNG"]
    monkeypatch.setattr(module, "LOOK", LOOK + 1)
    assert credentials_of(files, folder) == first
    assert looked[1:] == list(KINDS)


@pytest.mark.parametrize(
    "memory",
    [b"", b"[]", b"\xff", b'{"checker": "", "found": {}}', b'{"look": 1, "absent": 3, "found": {}}', b'{"look": 1}'],
)
def test_a_memory_that_says_nothing_sound(memory: bytes, keep: Keep, folder: Path) -> None:
    """Is none: everything is looked at, and the next memory is a good one."""
    files = [keep(kind, plain(kind), kind) for kind in KINDS]
    first = credentials_of(files, folder)
    good = (folder / CACHE).read_bytes()
    (folder / CACHE).write_bytes(memory)
    assert credentials_of(files, folder) == first
    assert (folder / CACHE).read_bytes() == good


def test_a_memory_in_a_strangers_words(keep: Keep, folder: Path) -> None:
    """A state that no checker has is not believed; a text in it is cut like one of the checker's."""
    file = keep("a", signed("PNG"), "PNG")
    first = credentials_of([file], folder)
    memory = json.loads((folder / CACHE).read_text("utf-8"))
    (found,) = memory["found"].values()
    for state in ("absent", "unchecked", "excellent"):
        found["state"] = state
        (folder / CACHE).write_text(json.dumps(memory), "utf-8")
        assert credentials_of([file], folder) == first
    found |= {"state": "trusted", "signer": "x\n\x00" * 500}
    (folder / CACHE).write_text(json.dumps(memory), "utf-8")
    signer = credentials_of([file], folder)[file.sha256].signer
    assert len(signer) == 200
    assert signer.isprintable()


def test_a_memory_that_cannot_be_written_fails_no_report(keep: Keep, folder: Path) -> None:
    """Everything is told all the same."""
    file = keep("a", plain("PNG"), "PNG")
    (folder / CACHE).mkdir(parents=True)
    assert credentials_of([file], folder) == {file.sha256: ABSENT}


@pytest.mark.parametrize("change", ["nothing", "original", "original gone", "thumbnail gone", "thumbnail cut"])
def test_a_report_is_the_same_with_and_without_a_memory(
    change: str, keep: Keep, folder: Path, tmp_path: Path, spring: RunView
) -> None:
    """To the byte, whatever became of an image since the last one."""
    signed_one = stored(make_task(98, AXES), keep("signed", signed("PNG"), "PNG"))
    plain_one = stored(make_task(99, AXES), file := keep("plain", plain("PNG"), "PNG"))
    view = replace(spring, entries=(*spring.entries, signed_one, plain_one))
    write_report(view, folder)
    thumb = folder / thumb_name(file.sha256, SMALL)
    match change:
        case "original":
            (folder / file.path).write_bytes(signed("PNG"))
        case "original gone":
            (folder / file.path).unlink()
        case "thumbnail gone":
            thumb.unlink()
        case "thumbnail cut":
            thumb.write_bytes(thumb.read_bytes()[:-1])
    other = tmp_path / "other"
    shutil.copytree(folder, other)
    for name in (CACHE, "manifest.json", "index.html", "data.js"):
        (other / name).unlink()
    write_report(view, folder)
    write_report(view, other)
    for name in ("manifest.json", "index.html", "data.js"):
        assert (folder / name).read_bytes() == (other / name).read_bytes()
    task = json.loads((folder / "manifest.json").read_text("utf-8"))["tasks"][-1]
    assert task["file"].get("c2pa", {}).get("present") == {"original": True, "original gone": None}.get(change, False)
    assert ("File missing" in (folder / "data.js").read_text("utf-8")) is (change == "original gone")
    assert webp_size(str(thumb))


def test_manifest_and_sheet_tell(keep: Keep, folder: Path, spring: RunView) -> None:
    """By the schema; nothing of a stranger's words is markup; the second report changes no byte."""
    entry = stored(make_task(99, AXES), keep("a", signed("JPEG"), "JPEG"))
    view = replace(spring, entries=(*spring.entries, entry), inputs={"data/a.csv": sha("a")})
    document = json.loads(write_report(view, folder).manifest.read_text("utf-8"))
    validate(document)
    told = [task["file"]["c2pa"] for task in document["tasks"] if task["file"]]
    assert [each["present"] for each in told] == [False] * 10 + [True]
    assert told[-1]["state"] == "valid"
    assert document["spec"]["inputs"] == {"data/a.csv": sha("a")}
    data = (folder / "data.js").read_text("utf-8")
    assert '"credentials":[["Unchanged since it was signed, signed by Paint \\u0026 Co; ' in data
    before = {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()}
    write_report(view, folder)
    assert {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()} == before


def test_the_request_is_in_the_manifest_by_its_hash(spring: RunView) -> None:
    """As it was sent, to the byte; nothing was sent for a plan."""
    entry = replace(spring.entries[0], purchase=replace(spring.entries[0].purchase, body=b'{"prompt": "x"}'))
    document = manifest(replace(spring, entries=(entry, *spring.entries[1:])))
    validate(document)
    assert document["tasks"][0]["request_sha256"] == sha(b'{"prompt": "x"}')
    assert document["tasks"][1]["request_sha256"] is None
