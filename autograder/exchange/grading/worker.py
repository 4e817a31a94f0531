"""A worker: takes entries of the queue, grades them, stores results.

It may be killed at any moment. What it held is taken by another when its lease ends;
what it stored is whole. It ends by itself when its parent is gone, when the files of a
unit have changed, or when it hangs: then its parent starts another that has read them anew.
"""

from __future__ import annotations

import logging
import os
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager

from ...batch.cores import Core
from ...batch.warm import limited_memory
from ...marks.graded import same_digest
from ...results.result import Result
from ..service.refusals import Refused
from ..store import attempts, graded, leases, queue
from ..store.desk import Desk, stamp
from .judge import Judge, Stale

IDLE_SECONDS = 0.15
LOOK_SECONDS = 5.0  # between looks at the units' files
HANGS = 3  # times what a submission may take: no machine under load needs that
STUCK = os.EX_SOFTWARE
LOG = logging.getLogger("course.exchange.worker")


def work(desk: Desk, tier: str, name: str, parent: int | None = None) -> None:
    """Grade until the parent is gone or the units have changed.

    Args:
        desk: the exchange.
        tier: isolation tier.
        name: of this worker, in leases.
        parent: process id to live as long as; None: until killed.
    """
    core = Core()
    judge = Judge(desk.course, desk.blobs, tier)
    looked = time.monotonic()
    try:
        while parent in (None, os.getppid()):
            course = desk.living.now(at_once=True)  # a new unit is known before its first attempt
            if course is not judge.course or time.monotonic() - looked > LOOK_SECONDS:
                if judge.stale(course):
                    raise Stale
                looked = time.monotonic()
            if not step(desk, judge, name):
                time.sleep(IDLE_SECONDS)
    except Stale:
        LOG.info("a unit has changed: starting anew")
    finally:
        judge.close()
        core.release()


def step(desk: Desk, judge: Judge, name: str) -> bool:
    """Grade one entry; False where there is none, or the disk is full.

    Raises:
        Stale: the files of its unit have changed a moment ago; another worker will take it.
    """
    try:
        with desk.database.write() as connection:
            leases.free_later_ones(connection, desk.seconds(), desk.limits.lease_seconds)
            entry = queue.take(connection, name, desk.seconds(), desk.limits.lease_seconds, desk.limits.tries)
        if entry is None:
            return False
        with _renewing(desk, entry):
            _grade(desk, judge, entry)
    except Refused as full:
        LOG.error("%s", full)
        time.sleep(1)
        return False
    return True


def _grade(desk: Desk, judge: Judge, entry: queue.QueueEntry) -> None:
    with desk.database.read() as connection:
        attempt = attempts.find(connection, entry.attempt)

    def known(digest: str) -> Result | None:
        with desk.database.read() as connection:
            return same_digest(connection, attempt.unit, attempt.student, digest)

    try:
        with limited_memory():
            result = judge.grade(attempt, known)
    except (KeyboardInterrupt, Stale):  # this process is to end, and the attempt has no part in it
        with desk.database.write() as connection:
            queue.hand_back(connection, entry)
        raise
    except Exception as error:  # a unit that does not load, a blob that is gone: for staff, not the end
        LOG.exception("attempt %s cannot be graded", attempt.id)
        with desk.database.write() as connection:
            queue.set_aside(connection, entry, f"{type(error).__name__}: {error}"[:2000])
        return
    with desk.database.write() as connection:
        graded.finish(connection, entry, attempt, result, stamp(desk.now()))


@contextmanager
def _renewing(desk: Desk, entry: queue.QueueEntry) -> Iterator[None]:
    """Renew the lease beside the grading; who grades longer than a submission may take ends this process.

    Every wait that we know of has an end; a lease renewed for ever would keep the attempt from others.
    """
    done = threading.Event()
    course = desk.course
    limits = [course.limits, *map(course.limits_of, course.units)]
    most = HANGS * max(each.submission_seconds for each in limits)

    def renew() -> None:
        begun = time.monotonic()
        while not done.wait(desk.limits.lease_seconds / 4):
            if time.monotonic() - begun > most:
                LOG.error("attempt %s is graded for %.0f s: this worker ends", entry.attempt, most)
                os._exit(STUCK)
            try:
                with desk.database.write() as connection:
                    queue.renew(connection, entry, desk.seconds() + desk.limits.lease_seconds)
            except Exception:  # the next renewal comes soon; a lost lease costs a second grading only
                LOG.warning("the lease of %s was not renewed", entry.attempt, exc_info=True)

    thread = threading.Thread(target=renew, daemon=True)
    thread.start()
    try:
        yield
    finally:
        done.set()
        thread.join()
