"""`make audit` never says that nothing was found where nothing was looked up."""

import pytest

from docs.audit_dependencies import verdict


@pytest.mark.parametrize(
    ("code", "said", "expected"),
    [
        (0, "No known vulnerabilities found\n", 0),
        (1, "Found 1 known vulnerability in 1 package\nName Version ID\n", 1),
        (1, "ERROR: requests.exceptions.ConnectionError: Max retries exceeded", 2),
        (1, "pip_audit._service.interface.ServiceError: Failed to fetch", 2),
        (2, "usage: pip-audit", 2),
    ],
)
def test_what_pip_audit_said_decides(code, said, expected, capsys):
    assert verdict(code, said) == expected
    assert ("Not audited" in capsys.readouterr().out) == (expected == 2)
