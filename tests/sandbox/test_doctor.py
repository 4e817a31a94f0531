"""What has to hold before an isolation tier is called certified."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest
from click.testing import CliRunner

from autograder.commands.doctor import command
from autograder.sandbox.doctor import certificates as doctor
from autograder.sandbox.doctor import machine
from autograder.sandbox.doctor.escapes import ESCAPES
from autograder.sandbox.doctor.trials import TriedEscape

HELD = tuple(TriedEscape(escape.name, escape.says, True, False, "refused") for escape in ESCAPES)


def test_all_escapes_held() -> None:
    """A tier that held every escape is certified."""
    assert doctor.verdict_on("walled", HELD).certified


def test_one_escape() -> None:
    """One escape that succeeds is enough to refuse the tier, and is named."""
    found = (replace(HELD[0], escaped=True), *HELD[1:])
    certificate = doctor.verdict_on("walled", found)
    assert not certificate.certified
    assert HELD[0].says in certificate.reason


def test_a_control_that_fails() -> None:
    """An essential attempt that fails without isolation too proves nothing."""
    found = tuple(replace(trial, control=trial.name != "tcp") for trial in HELD)
    certificate = doctor.verdict_on("walled", found)
    assert not certificate.certified
    assert "nothing is proven" in certificate.reason


def test_essential_escapes_exist() -> None:
    """Every essential attempt is one of the escapes."""
    assert {escape.name for escape in ESCAPES} >= doctor.ESSENTIAL


def test_names_are_unique() -> None:
    """No two escapes share a name."""
    assert len({escape.name for escape in ESCAPES}) == len(ESCAPES)


def test_a_tier_that_cannot_start(monkeypatch: pytest.MonkeyPatch) -> None:
    """A tier that cannot be set up is not certified, and the reason is told."""
    monkeypatch.setenv("PATH", "")
    certificate = doctor.certify("walled")
    assert not certificate.certified
    assert "bubblewrap" in certificate.reason


def diagnosis(*certified: str) -> doctor.MachineReport:
    certificates = tuple(
        doctor.Certificate(tier, tier in certified, "because") for tier in ("walled", "fenced")
    )
    programs = dict.fromkeys((*[name for name, _, _ in machine.PROGRAMS], "libseccomp"))
    memory = {"numpy": {"rss": 45.0, "pss": 40.0}, "torch": {}}
    versions = {"python": "3.11", "torch": None, "distributed": "1", "matplotlib": "1"}
    advice = tuple(doctor._advice(certificates, programs, versions))
    return doctor.MachineReport(
        certificates, versions, {"cores": 2, "memory_gib": 4}, [], programs, memory, advice
    )


@pytest.mark.parametrize(("certified", "code"), [(("walled", "fenced"), 0), (("fenced",), 1), ((), 1)])
def test_exit_code(monkeypatch: pytest.MonkeyPatch, certified: tuple[str, ...], code: int) -> None:
    """0 where the default tier is certified, else 1; --json prints JSON and nothing else."""
    monkeypatch.setattr("autograder.commands.doctor.examine", lambda: diagnosis(*certified))
    told = CliRunner().invoke(command, ["--json"])
    assert told.exit_code == code
    assert json.loads(told.stdout)["ok"] is (code == 0)
    text = CliRunner().invoke(command, [])
    assert text.exit_code == code
    assert ("apt install bubblewrap" in text.stdout) is (code != 0)


def test_what_is_missing_of_the_extras_is_told() -> None:
    """What it is for, and the command that installs it; what is there is not mentioned."""
    advice = diagnosis("walled").advice
    assert (
        'For units with runtime="torch": torch is not installed. '
        "Run: pip install 'course-autograder[torch]'." in advice
    )
    assert not [line for line in advice if "matplotlib" in line]


def test_strongest_tier_is_found_by_trying(monkeypatch: pytest.MonkeyPatch) -> None:
    """Without bubblewrap the strongest tier is another one, and no exception."""
    monkeypatch.setenv("PATH", "")
    doctor.strongest_tier.cache_clear()
    try:
        assert doctor.strongest_tier() in ("fenced", "none")
    finally:
        doctor.strongest_tier.cache_clear()


def test_machine_is_described() -> None:
    """Versions, programs and resources are found without importing anything heavy."""
    assert machine.versions()["numpy"]
    assert set(machine.programs()) >= {"bwrap", "libseccomp"}
    assert machine.resources()["cores"] >= 1
