"""The page on the Python functions says what their signatures and docstrings say."""

import pytest

from docs.generate_python_reference import PAGE, page, public_functions, section


@pytest.mark.parametrize("name", ["results", "epochs", "image_scores", "plot_curves"])
def test_page_holds_each_function_s_signature_and_docstring(name):
    assert section(name) in PAGE.read_text(), "the page is out of date: make docs"


def test_page_holds_no_more_and_no_less():
    assert PAGE.read_text() == page(), "the page is out of date: make docs"
    assert len(public_functions()) == 4
