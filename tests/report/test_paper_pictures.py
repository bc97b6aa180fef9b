"""Pictures for print: one column wide, the same bytes each time, fonts that journals take."""

import re
from collections.abc import Callable
from io import BytesIO

import pytest
from PIL import Image

from isicbench.report.contents import read_contents
from isicbench.report.report_pictures import Pictures, draw_pictures
from isicbench.report.style import Sheet
from tests.report.test_report_files import small_study


def drawn(sheet: Sheet) -> Pictures:
    source, runs = small_study()
    return draw_pictures(source, read_contents(source, runs), sheet)


def png_inches(content: bytes) -> float:
    image = Image.open(BytesIO(content))
    return image.width / image.info["dpi"][0]


def svg_inches(content: bytes) -> float:
    return float(re.search(rb'<svg[^>]* width="([\d.]+)pt"', content, re.DOTALL)[1]) / 72


def pdf_inches(content: bytes) -> float:
    return float(re.search(rb"/MediaBox \[ 0 0 ([\d.]+) ", content)[1]) / 72


INCHES: dict[str, Callable[[bytes], float]] = {"png": png_inches, "svg": svg_inches, "pdf": pdf_inches}


@pytest.mark.parametrize("kind", INCHES)
def test_pictures_for_a_column_are_as_wide_as_one_and_equal_each_time(kind):
    sheet = Sheet(kind=kind, is_column=True)
    pictures = drawn(sheet)
    assert set(pictures.files) == {f"curves/loss.{kind}", f"curves/scores.{kind}", f"predictions/predictions.{kind}"}
    for content in pictures.files.values():
        assert INCHES[kind](content) == pytest.approx(3.5, abs=0.01)
    assert drawn(sheet).files == pictures.files


def test_pdf_embeds_truetype_fonts_and_names_neither_day_nor_program():
    for content in drawn(Sheet(kind="pdf", is_column=True)).files.values():
        assert b"/FontFile2" in content
        assert b"/Type3" not in content
        assert b"CreationDate" not in content
        assert b"atplotlib" not in content


def test_svg_needs_no_font_and_names_neither_day_nor_program():
    for content in drawn(Sheet(kind="svg")).files.values():
        assert b"<text" not in content
        assert b"<dc:date>" not in content
        assert b"Matplotlib v" not in content
