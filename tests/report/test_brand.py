"""The team's own head on the sheet: a logo that is a picture, a colour, and a policy that allows no more than that."""

from __future__ import annotations

import base64
import io
import re
from dataclasses import replace
from pathlib import Path

import pytest
from PIL import Image

from flux_batch.errors import InvalidSpec
from flux_batch.report.page.brand import logo_uri
from flux_batch.report.write import write_report
from flux_batch.run.records import RunView
from flux_batch.spec.load import parse_spec

from .conftest import picture_bytes, sha

SPEC = "version: 1\nname: branded\nprompt: A mug\nreport: {logo: %s}\n"


def with_logo(view: RunView, folder: Path, content: bytes) -> RunView:
    """The run as it keeps a logo among its inputs."""
    (folder / "inputs").mkdir(exist_ok=True)
    (folder / "inputs" / f"{sha(content)[:12]}-logo.png").write_bytes(content)
    report = replace(view.report, logo="assets/logo.png", accent="#0b5d3b")
    return replace(view, report=report, inputs={"assets/logo.png": sha(content)})


def test_a_logo_is_small_and_bare(spring: RunView, folder: Path) -> None:
    """Drawn anew at twice its size on the page; what the file says beside its pixels stays at home."""
    image, content = Image.new("RGB", (2000, 1000), "red"), io.BytesIO()
    exif = Image.Exif()
    exif[0x010E] = "taken at home"
    image.save(content, "PNG", exif=exif)
    uri = logo_uri(with_logo(spring, folder, content.getvalue()), folder)
    kept = base64.b64decode(uri.removeprefix("data:image/png;base64,"))
    with Image.open(io.BytesIO(kept)) as drawn:
        assert drawn.size == (192, 96)
    assert b"taken at home" not in kept


@pytest.mark.parametrize("content", [b"<svg onload=alert(1)>", b"", picture_bytes("x", (50, 50))[:-30]])
def test_what_is_no_picture_is_left_out(content: bytes, spring: RunView, folder: Path) -> None:
    """The run folder may have been changed; the sheet is written all the same."""
    assert logo_uri(with_logo(spring, folder, content), folder) == ""


def test_the_page_wears_both(spring: RunView, folder: Path) -> None:
    """And its policy lets in pictures from its own text only when there is one."""
    write_report(spring, folder)
    plain = (folder / "index.html").read_text("utf-8")
    assert "data:" not in plain.split("</head>")[0]
    write_report(with_logo(spring, folder, picture_bytes("logo", (80, 40))), folder)
    page = (folder / "index.html").read_text("utf-8")
    assert re.search(r'<img class="logo" src="data:image/png;base64,[A-Za-z0-9+/=]+" alt="">', page)
    assert "--accent: light-dark(#0b5d3b, " in page
    assert "img-src &#39;self&#39; file: data:;" in page


@pytest.mark.parametrize(
    ("path", "said"),
    [
        ("nowhere.png", "there is no file"),
        ("../logo.png", "leads out of the spec's folder"),
        ("/etc/hostname", "lies outside of the spec's folder"),
        ("logo.svg", "is not an image"),
        ("large.png", "has 2.0 MB"),
    ],
)
def test_a_logo_is_looked_at_like_a_reference(path: str, said: str, tmp_path: Path) -> None:
    """It lies beside the spec and is a picture; the mistake has its place in the file."""
    (tmp_path / "logo.svg").write_text("<svg xmlns='http://www.w3.org/2000/svg'/>")
    (tmp_path / "large.png").write_bytes(b"\0" * (2 * 1024 * 1024 + 1))
    with pytest.raises(InvalidSpec) as caught:
        parse_spec(tmp_path / "a.yaml", SPEC % path)
    (problem,) = caught.value.problems
    assert said in problem.message
    assert (problem.line, problem.column) == (4, 16)


def test_a_logo_is_an_input_of_the_spec(tmp_path: Path) -> None:
    """So that it is kept with the run, and a saved plan knows when it moved."""
    content = picture_bytes("logo", (80, 40))
    (tmp_path / "logo.png").write_bytes(content)
    spec = parse_spec(tmp_path / "a.yaml", SPEC % "./logo.png")
    assert spec.report.logo == "logo.png"
    assert [(file.path, file.sha256) for file in spec.inputs] == [("logo.png", sha(content))]
