"""Where a batch runs: addresses that are safe, and Dask giving the marks that one process gives."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator

import dask
import pytest
from distributed.security import Security

from autograder.base.errors import UsageError
from autograder.batch import workers
from autograder.batch.run import Unnamed
from autograder.batch.workers import LocalWorkers, checked_address, default_jobs, executor_for
from autograder.notebook.found import Found

from .small import UNIT, environment, in_process, overflowing, right, run, submit, without_times

SAFE = ["tls://scheduler:8786", "tls://127.0.0.1:8786", "tls://[::1]:8786"]
UNSAFE = [
    "tcp://10.0.0.1:8786",
    "scheduler:8786",
    "tcp://127.0.0.1:8786",
    "localhost:8786",
    "tcp://[::1]:8786",
]
NO_ADDRESS = [
    "http://localhost:1",
    "tls://",
    "tcp://127.0.0.1",
    "tcp://127.0.0.1:port",
    "",
    "slurmm",
    "inproc://x:1",
]
ON_THE_CLUSTER = pytest.mark.xdist_group("dask")


@pytest.mark.parametrize("address", SAFE)
def test_safe_addresses(address):
    """TLS, wherever the scheduler is."""
    assert checked_address(address) == address


@pytest.mark.parametrize("address", UNSAFE)
def test_an_open_scheduler_is_refused(address):
    """Whoever reaches an open scheduler can run programs on the workers: on loopback each of its accounts."""
    with pytest.raises(UsageError, match="unencrypted scheduler"):
        checked_address(address)


@pytest.mark.parametrize("address", NO_ADDRESS)
def test_what_is_no_address(address):
    """The error says what was expected."""
    with pytest.raises(UsageError, match=r"expected 'slurm' or an address such as tls://"):
        checked_address(address)


def test_one_submission_needs_no_worker():
    """A single submission is graded in this process."""
    with executor_for(8, None, 1) as workers:
        assert workers is None


def test_a_lost_worker_is_replaced():
    """After a worker died the next calls are answered."""
    workers = LocalWorkers(1)
    try:
        with pytest.raises(Exception, match="terminated abruptly"):
            workers.submit(os._exit, 1).result()
        assert workers.renew()
        assert workers.submit(os.getpid).result() != os.getpid()
    finally:
        workers.close()


def test_an_unreachable_scheduler(root, folder, monkeypatch, capfd):
    """The command names the address and what to look at, with exit code 2."""
    submit(folder, "a", right(root))
    monkeypatch.setattr(workers, "ANSWERS_IN", "1s")
    words = ["grade", UNIT, str(folder), "--cluster", "tls://127.0.0.1:9"]
    assert in_process(words, root, monkeypatch) == 2
    printed = capfd.readouterr()
    assert printed.out == ""
    assert "the Dask scheduler at tls://127.0.0.1:9 does not answer" in printed.err
    assert "Traceback" not in printed.err


def test_slurm_without_slurm(root, folder, monkeypatch, capfd):
    """Where no Slurm is, the command says so."""
    submit(folder, "a", right(root))
    monkeypatch.setattr(shutil, "which", lambda name: None)
    assert in_process(["grade", UNIT, str(folder), "--cluster", "slurm"], root, monkeypatch) == 2
    assert "'sbatch' is not on this machine" in capfd.readouterr().err


CLUSTER = """
import json
import sys
from distributed import LocalCluster
from distributed.security import Security

def main():
    words = {"n_workers": 2, "threads_per_worker": 1, "dashboard_address": None, "host": "127.0.0.1"}
    words |= {"security": Security(**json.loads(sys.argv[1])), "protocol": "tls://"}
    with LocalCluster(processes=True, **words) as cluster:
        print(cluster.scheduler_address, flush=True)
        sys.stdin.read()

if __name__ == "__main__":
    main()
"""


@pytest.fixture(scope="module")
def certificates(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """Files as an operator would have them: one key and one certificate for all."""
    folder = tmp_path_factory.mktemp("certificates")
    temporary = Security.temporary()
    (folder / "key.pem").write_text(temporary.tls_client_key)
    (folder / "cert.pem").write_text(temporary.tls_client_cert)
    (folder / "ca.pem").write_text(temporary.tls_ca_file)
    return {"key": str(folder / "key.pem"), "cert": str(folder / "cert.pem"), "ca": str(folder / "ca.pem")}


@pytest.fixture(scope="module")
def cluster(tmp_path_factory: pytest.TempPathFactory, certificates: dict[str, str]) -> Iterator[str]:
    """A Dask cluster of two worker processes that lives as long as these tests; its address."""
    script = tmp_path_factory.mktemp("cluster") / "cluster.py"
    script.write_text(CLUSTER)
    files = {"tls_ca_file": certificates["ca"], "require_encryption": True}
    for role in ("client", "scheduler", "worker"):
        files |= {f"tls_{role}_key": certificates["key"], f"tls_{role}_cert": certificates["cert"]}
    with subprocess.Popen(
        [sys.executable, "-P", str(script), json.dumps(files)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        env=environment(),
    ) as process:
        assert process.stdin is not None and process.stdout is not None
        try:
            yield process.stdout.readline().strip()
        finally:
            process.stdin.close()
            process.wait(60)


def tls(certificates: dict[str, str]) -> dict[str, str]:
    """Dask's configuration, as ``course grade --help`` names it."""
    place = "DASK_DISTRIBUTED__COMM__TLS__"
    return {
        f"{place}CA_FILE": certificates["ca"],
        f"{place}CLIENT__CERT": certificates["cert"],
        f"{place}CLIENT__KEY": certificates["key"],
    }


@ON_THE_CLUSTER
@pytest.mark.slow
def test_a_cluster_s_log_names_no_submission(cluster, certificates, tmp_path):
    """What Dask's workers log of a call that failed, in some versions its arguments, has no name."""
    files = {f"distributed.comm.tls.client.{name}": certificates[name] for name in ("cert", "key")}
    found = Found("student-001", tmp_path / "student-001" / "softmax.ipynb")
    what = Unnamed(found, {"d": '{"student": "student-001"}'})
    with (
        dask.config.set({"distributed.comm.tls.ca-file": certificates["ca"], **files}),
        executor_for(1, cluster, 2) as workers,
    ):
        with pytest.raises(TypeError, match="'Unnamed' has no len"):
            workers.submit(len, what).result(60)
        told = str(workers._client.get_worker_logs())
    assert "Compute Failed" in told and "student-001" not in told
    assert repr(what) == "Unnamed()"


@ON_THE_CLUSTER
@pytest.mark.sandbox
@pytest.mark.slow
def test_dask_gives_the_same_marks(root, folder, cluster, certificates):
    """Submissions graded by a cluster's processes have the bytes of those graded here, but for the times."""
    for number in range(4):
        submit(folder, f"student-{number}", overflowing(root) if number % 2 else right(root))
    words = ("grade", UNIT, str(folder), "--json", "--no-gradebook", "--force")
    here = run(root, *words, "--jobs", "1")
    there = run(root, *words, "--cluster", cluster, **tls(certificates))
    assert there.returncode == 0, there.stderr
    assert without_times(json.loads(there.stdout)) == without_times(json.loads(here.stdout))


@ON_THE_CLUSTER
@pytest.mark.sandbox
@pytest.mark.slow
def test_workers_that_live_on_see_changed_files(root, folder, cluster, certificates):
    """A cluster's workers outlive the command: a changed reference and grader count in the next one."""
    submit(folder, "a", right(root))
    words = ("grade", UNIT, str(folder), "--json", "--no-gradebook", "--cluster", cluster)
    (before,) = json.loads(run(root, *words, **tls(certificates)).stdout)
    reference = root / "solutions" / f"{UNIT}.py"
    reference.write_text(reference.read_text().replace("out = e / e.sum(", "out = 2 * e / e.sum("))
    done = run(root, *words, **tls(certificates), COURSE_DATA=str(root / "elsewhere"))
    assert done.returncode == 0, done.stderr
    (after,) = json.loads(done.stdout)
    assert (before["score"], after["score"]) == (100.0, 45.0)
    assert [path.name for path in (root / "elsewhere" / "results" / UNIT).iterdir()] == ["a.json"]


PAGES = ("info/main/workers.html", "status", "json/counts.json", "metrics", "proxy/80/127.0.0.1/")
PROBE = """
import json, sys
from pathlib import Path
import httpx
from autograder.batch.workers import slurm_cluster

with slurm_cluster(0, Path(sys.argv[1])) as cluster:
    server = cluster.scheduler.http_server
    pages = {page: httpx.get(f"http://127.0.0.1:{server.port}/{page}").status_code for page in sys.argv[2:]}
    hosts = sorted({each.getsockname()[0] for each in server._sockets.values()})
    address, script = cluster.scheduler_address, cluster.job_script()
print(json.dumps({"script": script, "address": address, "hosts": hosts, "pages": pages}))
"""


# In a process of its own: what dask-jobqueue leaves to the garbage collector would fail another test.
def test_a_slurm_job_carries_no_open_port(tmp_path):
    """The rendered job script starts a worker that speaks TLS, with the asked time, memory and partition."""
    asked = environment(COURSE_SLURM_PARTITION="teaching", COURSE_SLURM_WALLTIME="00:20:00")
    command = [sys.executable, "-c", PROBE, str(tmp_path / "keys"), "health", *PAGES]
    done = subprocess.run(command, env=asked, cwd=tmp_path, capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stderr
    found = json.loads(done.stdout)
    script = found["script"]
    assert found["address"].startswith("tls://") and found["hosts"] == ["127.0.0.1"]
    assert found["pages"] == {"health": 200, **dict.fromkeys(PAGES, 404)}
    assert (tmp_path / "keys").stat().st_mode & 0o777 == 0o700
    lines = script.splitlines()
    assert "#SBATCH -p teaching" in lines
    assert "#SBATCH -t 00:20:00" in lines
    assert "#SBATCH --mem=4G" in lines
    (command,) = [line for line in lines if "dask" in line and "tls://" in line]
    assert "--tls-ca-file" in command
    assert "--nthreads 1" in command
    assert "--no-dashboard --dashboard-address 127.0.0.1:0" in command
    assert any("WORKER__HTTP__ROUTES" in line and "distributed.http.health" in line for line in lines)


@pytest.mark.parametrize(("submissions", "jobs"), [(0, 1), (1, 1), (7, 1), (8, 2), (1000, 6)])
def test_a_worker_is_started_where_it_is_worth_it(submissions, jobs, monkeypatch):
    """Few notebooks take less time than the start of a second process."""
    monkeypatch.setattr(workers, "cores", lambda: 6)
    assert default_jobs(submissions) == jobs
