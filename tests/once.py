"""What a process of thousands of tests would do again and again, done once."""

from __future__ import annotations

import gc
import os
import ssl
from functools import cache
from typing import Any

from httpx._transports import default

from autograder.base import garbage

keep_all = garbage.keep_all
_make_context = default.create_ssl_context


def keep_tests() -> None:
    """What was collected stays to the end: nobody looks through it again for what could be freed.

    A judge looks through everything that its process holds when it has graded its first submission. Here
    that is a gigabyte of tests, for each of hundreds of judges.
    """
    gc.collect()
    gc.freeze()
    garbage.keep_all = lambda: gc.collect(1)


def trust_once() -> None:
    """Each ``httpx.get`` of a test that waits for a server would read all certificates of this world."""
    default.create_ssl_context = _context


def _context(verify: Any = True, cert: Any = None, trust_env: bool = True) -> ssl.SSLContext:
    if verify is not True or cert is not None:
        return _make_context(verify=verify, cert=cert, trust_env=trust_env)
    return _of_the_world(trust_env, os.environ.get("SSL_CERT_FILE"), os.environ.get("SSL_CERT_DIR"))


@cache
def _of_the_world(trust_env: bool, file: str | None, folder: str | None) -> ssl.SSLContext:
    return _make_context(trust_env=trust_env)
