"""Writes docs/reference/python.md from the signatures and docstrings of isicbench's functions. Run by `make docs`."""

import inspect
from collections.abc import Callable
from pathlib import Path
from typing import Any

import isicbench

PAGE = Path(__file__).parent / "reference" / "python.md"
WIDTH = 100
"""Of a line of code; a longer signature gets a line for each parameter."""
HEAD = """\
# Python

What `import isicbench` gives to notebooks and scripts; [Results in a notebook](../analysis.md) shows it at work.
Everything else is internal, and may change between versions. This page is generated: `make docs` writes it anew.

`database` is a file or URL, as for `--db`; without one it is `$ISICBENCH_DB`, or `results.db` in the working folder.
Errors are `isicbench.errors.IsicbenchError`: their text says what is wrong, their `hint` what to do.
`isicbench.__version__` is the version.
"""


def public_functions() -> list[str]:
    """Their names, without `isicbench.`."""
    return [name for name in isicbench.__all__ if callable(getattr(isicbench, name))]


def section(name: str) -> str:
    """A heading, the signature, and the docstring, which is Markdown."""
    function = getattr(isicbench, name)
    return f"\n## isicbench.{name}\n\n```python\n{_signature(name, function)}\n```\n\n{inspect.getdoc(function)}\n"


def page() -> str:
    return HEAD + "".join(map(section, public_functions()))


def _signature(name: str, function: Callable[..., Any]) -> str:
    signature = inspect.signature(function)
    parameters = [_shown(parameter) for parameter in signature.parameters.values()]
    keyword_only = [parameter.kind is parameter.KEYWORD_ONLY for parameter in signature.parameters.values()]
    if True in keyword_only:
        parameters.insert(keyword_only.index(True), "*")
    returned = inspect.formatannotation(signature.return_annotation)
    line = f"isicbench.{name}({', '.join(parameters)}) -> {returned}"
    if len(line) <= WIDTH:
        return line
    return f"isicbench.{name}(\n" + "".join(f"    {parameter},\n" for parameter in parameters) + f") -> {returned}"


def _shown(parameter: inspect.Parameter) -> str:
    return str(parameter).replace("pathlib.", "").replace("collections.abc.", "")


if __name__ == "__main__":
    PAGE.write_text(page())
