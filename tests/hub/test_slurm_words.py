"""What a waiting student reads, from what Slurm says; on a real Slurm in test_slurm_turns.py."""

import asyncio
import re
import sys
from datetime import datetime
from pathlib import Path

import pytest

from autograder.hub.servers import slurm_words
from autograder.hub.servers.slurm_queue import Queue, QueuedJob, SlurmSilent, jobs_in
from tests import needs

NOW = datetime(2027, 1, 10, 12, 0)
LISTING = """7|RUNNING|None|2027-01-10T11:00:00|node1
8|PENDING|Resources|2027-01-10T13:30:00|n/a
9|PENDING|Priority|N/A|n/a
12|PENDING|Priority|2027-01-10T12:20:00|n/a
5|FAILED|NonZeroExitCode|2027-01-10T10:00:00|node1
nothing that Slurm writes
"""


@pytest.mark.parametrize(
    ("number", "said"),
    [
        ("8", "you are next. Why: all GPUs are taken at the moment, or the cores and memory beside them. "
              "It is expected to start in about 2 hours."),
        ("9", "1 before you. Your place is kept"),
        ("12", "2 before you. It is expected to start in about 20 minutes."),
    ],
)  # fmt: skip
def test_place_reason_and_time(number, said):
    """In the order in which Slurm would start them; running and ended jobs are before nobody."""
    assert said in slurm_words.waiting(jobs_in(LISTING)[number], True, NOW)


@pytest.mark.parametrize(
    ("reason", "said"),
    [
        ("PartitionTimeLimit", "never starts"),
        ("QOSMaxGRESPerUser", "as much of the GPUs as one person may: end another job of yours"),
        ("QOSMaxJobsPerUserLimit", "end another job of yours"),
        ("AssocGrpGRESMinutes", "GPU time that you or your group have is used up"),
        ("QOSGrpGRESMinutes", "GPU time that you or your group have is used up"),
        ("AssocGrpGRES", "as many of the GPUs as it may"),
        ("AssocGrpGRESRunMinutes", "what runs already"),
        ("AssocMaxGRESPerJob", "more than one job may, so that it never starts"),
        ("AssocMaxGRESMinutesPerJob", "never starts"),
        ("AssocGrpCPUMinutesLimit", "the time that you or your group have is used up"),
        ("ReqNodeNotAvail, UnavailableNodes:node1", "out of order"),
        ("SomethingNew", "Slurm says 'SomethingNew'"),
    ],
)
def test_reasons_in_words(reason, said):
    """One that is not known is named as Slurm names it."""
    assert said in slurm_words.waiting(QueuedJob("1", "PENDING", reason, "N/A", ""), False, NOW)


LIBRARY = "/usr/lib/*/slurm*/libslurmfull.so"
LIMITS = rb"(?:Assoc|QOS|Account|Invalid|MaxGRES|PartitionTime)[A-Za-z]*"


def test_every_limit_that_slurm_knows_has_words():
    """Those of the Slurm that is installed, from its own library."""
    (library,) = Path("/").glob(LIBRARY[1:]) or needs.missing("slurm: apt-get install slurmctld")
    words = {each.decode() for each in re.findall(rb"\0(" + LIMITS + rb")(?=\0)", library.read_bytes())}
    reasons = {
        word for word in words if re.search("Limit|Minutes|GRES|NotAllowed|Threshold|Invalid[AQ]", word)
    }
    assert {"AssocGrpGRESMinutes", "QOSMaxGRESPerUser", "AssocMaxJobsLimit"} <= reasons
    said = {
        each: slurm_words.waiting(QueuedJob("1", "PENDING", each, "N/A", ""), True, NOW) for each in reasons
    }
    assert [each for each, text in said.items() if "Slurm says" in text] == []


def test_why_there_is_no_job():
    """From sbatch's last line."""
    down = "sbatch: error: Batch job submission failed: Unable to contact slurm controller (connect failure)"
    assert slurm_words.not_taken(down) == slurm_words.not_taken("") == slurm_words.NO_ANSWER
    refused = "sbatch: error: Batch job submission failed: Requested node configuration is not available"
    assert slurm_words.not_taken(f"sbatch: a warning\n{refused}").endswith(refused)


def test_how_a_job_ended():
    """Also one that is gone."""
    assert "its program failed" in slurm_words.ended(jobs_in(LISTING)["5"])
    assert "memory" in slurm_words.ended(QueuedJob("1", "OUT_OF_MEMORY", "", "", ""))
    assert "no longer there" in slurm_words.ended(None)


def test_many_who_wait_are_one_question(tmp_path):
    """And a command that fails is told to all of them."""
    calls = tmp_path / "calls"
    queue = Queue("course", seconds=60)
    count = f"open({str(calls)!r}, 'a').write('x'); print('7|RUNNING|None|N/A|node1')"
    queue.command = [sys.executable, "-c", count]
    broken = Queue("course", seconds=60)
    broken.command = [sys.executable, "-c", "raise SystemExit('Unable to contact slurm controller')"]

    async def all_ask():
        answers = await asyncio.gather(*(queue.jobs() for _ in range(50)))
        problems = await asyncio.gather(*(broken.jobs() for _ in range(3)), return_exceptions=True)
        return answers, problems

    answers, problems = asyncio.run(all_ask())
    assert calls.read_text() == "x" and all("7" in answer for answer in answers)
    assert all(isinstance(each, SlurmSilent) and "Unable to contact" in str(each) for each in problems)
