"""Looks up known vulnerabilities of the installed packages with pip-audit. Run by `make audit`.

Ends with 0 where none is known, 1 where one is, 2 where it could not be looked up: nothing was audited then.
"""

import subprocess
import sys
from importlib.util import find_spec

AUDIT = [sys.executable, "-m", "pip_audit", "--local", "--skip-editable", "--progress-spinner", "off"]
UNREACHABLE = ("ConnectionError", "ConnectionFailed", "ServiceError", "Max retries exceeded", "NameResolutionError")
FOUND = "known vulnerabilit"


def main() -> None:
    if find_spec("pip_audit") is None:
        print("Not audited: pip-audit is not installed. With internet: .venv/bin/pip install pip-audit")
        sys.exit(2)
    done = subprocess.run(AUDIT, capture_output=True, text=True, check=False)
    print(done.stdout, end="")
    print(done.stderr, end="", file=sys.stderr)
    sys.exit(verdict(done.returncode, done.stdout + done.stderr))


def verdict(code: int, said: str) -> int:
    """0, 1 or 2 as above, from pip-audit's exit code, which is 1 for both of the others."""
    if code == 0 or (FOUND in said and not said.startswith("No ")):
        return 0 if code == 0 else 1
    reason = "its data cannot be reached from here" if any(sign in said for sign in UNREACHABLE) else "it failed"
    print(f"Not audited: pip-audit ran, but {reason}.")
    return 2


if __name__ == "__main__":
    main()
