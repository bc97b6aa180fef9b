"""Each promise of SECURITY.md is held by a test that exists."""

import ast
import re

from tests.docs.pages import ROOT

PROMISE = re.compile(r"^\| (.+) \| `(tests/[\w/]+\.py)::(test_\w+)` \|$", re.MULTILINE)
ROWS = [line for line in (ROOT / "SECURITY.md").read_text().splitlines() if line.startswith("| ")][1:]


def test_every_promise_names_a_test_that_exists():
    promises = PROMISE.findall("\n".join(ROWS))
    assert len(promises) == len(ROWS) > 10
    for promise, path, name in promises:
        tree = ast.parse((ROOT / path).read_text())
        assert name in {node.name for node in ast.walk(tree) if isinstance(node, ast.FunctionDef)}, promise
