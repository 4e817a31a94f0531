"""Where a batch runs: in this process, in local processes, or on a cluster through Dask.

Beyond one machine there is one engine, Dask: its scheduler is reached by address, or
started on Slurm by dask-jobqueue. An open scheduler port is a remote shell, on loopback
for every account of the machine, so only TLS addresses are taken; where the certificates
lie is Dask's own configuration (``distributed.comm.tls``). Dask's web pages have no
certificate and show what is computed: what is started here has none. Workers need the
course's folder under the same path (a shared file system), and are the same code as
local ones.
"""

from __future__ import annotations

import json
import multiprocessing
import os
import shutil
import signal
import sys
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ProcessPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Protocol
from urllib.parse import urlsplit

from ..base.errors import UsageError

_HEALTH = ["distributed.http.health"]  # the one page of Dask's that tells nothing of what is computed
UNSEEN = "127.0.0.1:0"  # where Dask's server of pages listens, which cannot be left out
WORTH_IT = 4  # submissions of a worker: fewer take less time than its start
ANSWERS_IN = "10s"  # how long a scheduler may take to be reached


class Workers(Protocol):
    """Processes that carry out calls."""

    @property
    def at_once(self) -> int:
        """How many calls should be under way, so that no worker waits."""

    def submit(self, function: Callable[..., Any], *args: Any) -> Future[Any]:
        """Begin a call."""

    def renew(self) -> bool:
        """After a worker died: True where all that was under way is lost, and the workers are new."""


class LocalWorkers:
    """Processes of this machine. They end when this process does, however that ends."""

    def __init__(self, jobs: int) -> None:
        self.at_once = 2 * jobs
        self._jobs = jobs
        self._pool = self._start()

    def submit(self, function: Callable[..., Any], *args: Any) -> Future[Any]:
        """Begin a call."""
        return self._pool.submit(function, *args)

    def renew(self) -> bool:
        """A pool in which one process died is of no more use."""
        self._pool.shutdown(wait=True, cancel_futures=True)
        self._pool = self._start()
        return True

    def close(self) -> None:
        """End the workers after what they are at; what waits is dropped."""
        self._pool.shutdown(wait=True, cancel_futures=True)

    def _start(self) -> ProcessPoolExecutor:
        context = multiprocessing.get_context("forkserver")
        return ProcessPoolExecutor(self._jobs, mp_context=context, initializer=_begin_worker)


class DaskWorkers:
    """The workers of a Dask cluster, which starts new ones by itself."""

    def __init__(self, client: Any) -> None:
        self._client = client
        self._executor = client.get_executor(pure=False)  # else an equal call would not be made again

    @property
    def at_once(self) -> int:
        """Twice the threads that the cluster has at the moment; they may come and go."""
        return 2 * max(8, sum(self._client.nthreads().values()))

    def submit(self, function: Callable[..., Any], *args: Any) -> Future[Any]:
        """Begin a call."""
        future: Future[Any] = self._executor.submit(function, *args)
        return future

    def renew(self) -> bool:
        """Other calls go on."""
        return False


def cores() -> int:
    """How many this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def default_jobs(submissions: int) -> int:
    """One worker per core, as far as its start is worth it."""
    return max(1, min(cores(), submissions // WORTH_IT))


@contextmanager
def executor_for(
    jobs: int, cluster: str | None, submissions: int, private: Path | None = None
) -> Iterator[Workers | None]:
    """The workers for a batch, or None for this process.

    Args:
        jobs: worker processes, or Slurm jobs.
        cluster: None, "slurm", or a scheduler's address such as "tls://scheduler:8786".
        submissions: how many there are to grade; more workers than these are not started.
        private: a folder on the shared file system for the keys of Slurm jobs; they need one.

    Raises:
        UsageError: the address is not safe, or the cluster cannot be reached.
    """
    if cluster is not None:
        with _dask(cluster, jobs, private) as client:
            yield DaskWorkers(client)
    elif min(jobs, submissions) <= 1:
        yield None
    else:
        workers = LocalWorkers(min(jobs, submissions))
        try:
            yield workers
        finally:
            workers.close()


def _begin_worker() -> None:
    """Ctrl-C is for the command, which ends its workers; a command that was killed cannot.

    What a course's own files print goes to standard error: standard output is the command's.
    """
    if sys.stderr is not None:
        os.dup2(2, 1)
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    parent = multiprocessing.parent_process()
    assert parent is not None

    def end_with_parent() -> None:
        parent.join()
        os._exit(1)  # the zygotes end when this process's sockets close

    threading.Thread(target=end_with_parent, daemon=True).start()


@contextmanager
def _dask(cluster: str, jobs: int, private: Path | None) -> Iterator[Any]:
    from distributed import Client  # 0.5 s that only clusters pay

    if cluster == "slurm":
        if shutil.which("sbatch") is None or private is None:
            raise UsageError(
                "--cluster slurm: 'sbatch' is not on this machine; run it where Slurm jobs are started"
            )
        with slurm_cluster(jobs, private) as started, Client(started, set_as_default=False) as client:
            yield client
        return
    address = checked_address(cluster)
    try:
        client = Client(address, timeout=ANSWERS_IN, set_as_default=False)
    except (OSError, TimeoutError, ValueError, TypeError) as error:
        raise UsageError(
            f"the Dask scheduler at {cluster} does not answer: {error}. Is it started, and does Dask's "
            "configuration (distributed.comm.tls) name the certificates?"
        ) from error
    with client:
        if not client.nthreads():
            raise UsageError(f"the Dask scheduler at {cluster} has no workers; start some with 'dask worker'")
        yield client


def checked_address(address: str) -> str:
    """A scheduler's address that is encrypted.

    Raises:
        UsageError: it is not, or it is no address.
    """
    complete = address if "//" in address else f"tcp://{address}"
    try:
        parts = urlsplit(complete)
        named = bool(parts.hostname and parts.port)
    except ValueError:  # a port that is no number
        named = False
    if not named or parts.scheme not in ("tcp", "tls"):
        raise UsageError(f"--cluster {address}: expected 'slurm' or an address such as tls://scheduler:8786")
    if parts.scheme != "tls":
        raise UsageError(
            f"--cluster {address}: whoever reaches an unencrypted scheduler can run programs on the workers, "
            "on loopback every account of this machine. Start it with TLS and give its tls:// address; see "
            "infra/README.md. On one machine --jobs needs no scheduler."
        )
    return complete


def slurm_cluster(jobs: int, private: Path) -> Any:
    """A Dask cluster of that many Slurm jobs, with certificates of its own, and without Dask's pages.

    Args:
        jobs: Slurm jobs, one worker with one thread each.
        private: folder for certificates and keys, which the jobs must be able to read; made with mode 0700.
    """
    import dask
    from dask_jobqueue import SLURMCluster
    from distributed.security import Security

    private.mkdir(mode=0o700, parents=True, exist_ok=True)
    private.chmod(0o700)
    with dask.config.set({"distributed.scheduler.http.routes": [*_HEALTH]}):
        cluster = SLURMCluster(
            cores=1,
            processes=1,
            memory=os.environ.get("COURSE_SLURM_MEMORY", "4GB"),
            queue=os.environ.get("COURSE_SLURM_PARTITION"),
            walltime=os.environ.get("COURSE_SLURM_WALLTIME", "01:00:00"),
            security=Security.temporary(),
            protocol="tls://",
            scheduler_options={"dashboard": False, "dashboard_address": UNSEEN},
            worker_extra_args=["--no-dashboard", "--dashboard-address", UNSEEN],
            job_script_prologue=[f"export DASK_DISTRIBUTED__WORKER__HTTP__ROUTES='{json.dumps(_HEALTH)}'"],
            shared_temp_directory=str(private),
        )
    cluster.scale(jobs=jobs)
    return cluster
