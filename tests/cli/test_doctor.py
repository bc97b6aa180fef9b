"""What `isicbench doctor` says of an installation that is not as it should be."""

from importlib.metadata import PackageNotFoundError

import pytest

from isicbench import doctor


def without(monkeypatch: pytest.MonkeyPatch, *missing: str) -> None:
    real = doctor.requires, doctor.version

    def look(read):
        def found(name: str):
            if name in missing:
                raise PackageNotFoundError(name)
            return read(name)

        return found

    monkeypatch.setattr(doctor, "requires", look(real[0]))
    monkeypatch.setattr(doctor, "version", look(real[1]))


def test_missing_package_is_named_with_the_command(monkeypatch):
    without(monkeypatch, "pooch")
    [finding] = doctor.check_packages()
    assert (finding.level, finding.message, finding.advice) == ("wrong", "missing: pooch", "pip install pooch")


def test_running_from_the_source_is_no_error(monkeypatch):
    without(monkeypatch, "isicbench")
    [finding] = doctor.check_packages()
    assert finding.level == "note"
    assert "from its source" in finding.message
    assert finding.advice.startswith("pip install -e .")
