"""Files that are no specs, and the way in."""

from __future__ import annotations

import codecs
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from flux_batch.errors import InvalidSpec, UsageError
from flux_batch.spec.load import load_spec

GOOD = "version: 1\nname: mugs\nprompt: Studio photo of a mug\n"


def said(path: Path) -> str:
    """Why a file cannot be used."""
    with pytest.raises(UsageError) as caught:
        load_spec(path)
    error = caught.value
    return "\n".join(each.render() for each in error.problems) if isinstance(error, InvalidSpec) else str(error)


def test_missing_file_names_a_near_one(tmp_path: Path) -> None:
    """A slip in the name is answered with the name."""
    (tmp_path / "spring.yaml").write_text(GOOD)
    assert said(tmp_path / "sprnig.yaml").endswith(f"did you mean {tmp_path / 'spring.yaml'}?")


def test_missing_folder_is_a_missing_file(tmp_path: Path) -> None:
    """A folder that is not there needs no words of its own."""
    assert said(tmp_path / "nowhere" / "spring.yaml").startswith("there is no file ")


def test_folder_names_the_only_spec_in_it(tmp_path: Path) -> None:
    """Somebody who gave the folder probably meant its spec."""
    (tmp_path / "spring.yaml").write_text(GOOD)
    assert "is a folder" in said(tmp_path)
    assert said(tmp_path).endswith("spring.yaml?")


@pytest.mark.skipif(os.name == "nt" or os.geteuid() == 0, reason="root reads everything")
def test_unreadable_file_says_why(tmp_path: Path) -> None:
    """The system's own reason is given."""
    path = tmp_path / "secret.yaml"
    path.write_text(GOOD)
    path.chmod(0)
    assert "Permission denied" in said(path)


def test_a_name_with_a_nul_is_no_traceback() -> None:
    """Whatever a shell can pass is answered in words."""
    assert "cannot be read" in said(Path("a\0b.yaml"))


@pytest.mark.parametrize("content", [b"", b"\n \n", codecs.BOM_UTF8])
def test_empty_file_is_said_to_be_empty(tmp_path: Path, content: bytes) -> None:
    """Nothing, blank lines, or a mark alone."""
    path = tmp_path / "spring.yaml"
    path.write_bytes(content)
    assert "the file is empty" in said(path)


def test_large_file_is_refused_unread(tmp_path: Path) -> None:
    """No person wrote a spec of more than a megabyte."""
    path = tmp_path / "spring.yaml"
    path.write_text(GOOD + "# x\n" * 300_000)
    assert "larger than 1,024 KiB" in said(path)


def test_other_encodings_are_named(tmp_path: Path) -> None:
    """The line of the first byte that is no UTF-8 is said; UTF-16 is recognised."""
    path = tmp_path / "spring.yaml"
    path.write_bytes("version: 1\nprompt: Müsli\n".encode("latin-1"))
    assert "line 2 has the byte 0xFC" in said(path)
    path.write_bytes(GOOD.encode("utf-16"))
    assert "UTF-16" in said(path)


def test_byte_order_mark_is_no_character(tmp_path: Path) -> None:
    """Windows' Notepad writes one; columns do not count it."""
    path = tmp_path / "spring.yaml"
    path.write_bytes(codecs.BOM_UTF8 + b"modles: 1\n" + GOOD.encode())
    assert ":1:1: unknown key `modles`" in said(path)


@pytest.mark.parametrize(("char", "name"), [("\0", "U+0000"), ("\x1b", "U+001B"), ("\u2028", "a hidden line break")])
def test_invisible_characters_are_pointed_at(tmp_path: Path, char: str, name: str) -> None:
    """What nobody can see is named and located."""
    path = tmp_path / "spring.yaml"
    path.write_text(GOOD + f"naming: a{char}b\n", encoding="utf-8")
    assert ":4:10: " in said(path)
    assert name in said(path)


def test_json_is_read_by_the_same_loader(tmp_path: Path) -> None:
    """A spec from another program, an emoji in ASCII and all."""
    path = tmp_path / "spring.json"
    path.write_text(json.dumps({"version": 1, "prompt": "mug 😀 \\u", "ratios": ["16:9"]}, indent="\t"))
    spec = load_spec(path)
    assert (spec.name, spec.jobs[0].prompt, spec.jobs[0].ratios) == ("spring", "mug 😀 \\u", ("16:9",))


def test_json_with_base_60_numbers_is_not_repaired(tmp_path: Path) -> None:
    """969 from a YAML 1.1 tool is named, and refused."""
    path = tmp_path / "spring.json"
    path.write_text(json.dumps({"version": 1, "prompt": "mug", "ratios": [969]}))
    assert 'did you mean "16:9"?' in said(path)


def test_heavy_libraries_are_imported_late() -> None:
    """Importing the loader does not import jsonschema or Pillow."""
    code = (
        "import sys; import flux_batch.spec.load, flux_batch.spec.beside.files;"
        "print([m for m in ('jsonschema', 'PIL') if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
