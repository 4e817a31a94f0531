"""Students who hand in over HTTP, again and again until there is a receipt, as our own client does."""

from __future__ import annotations

import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import httpx

from tests.exchange.stage import Stage, packed

from .notebooks import KINDS, UNIT, Notebooks

ATTEMPTS = 8  # of a student: fewer than may come in a burst
BLOCK = 20  # students who take turns
AGAIN = {429, 502, 503, 504, 507}  # answers that say: try again
PATIENCE = 180.0  # seconds until a student without a receipt gives up
LONG_LINE = 60  # in the queue, when students wait with the next
AT_ONCE = 4  # clients


@dataclass(frozen=True)
class Sent:
    """One submission with a receipt."""

    student: str
    kind: str
    attempt: str
    receipt: str


def student_of(number: int) -> str:
    """Who hands in a submission: each has a few, and they take turns."""
    block, place = divmod(number, BLOCK * ATTEMPTS)
    return f"student-{block * BLOCK + place % BLOCK:05d}"


class Class:
    """The students of a stage."""

    def __init__(self, stage: Stage, notebooks: Notebooks) -> None:
        self.sent: list[Sent] = []
        self.wrong: list[str] = []
        self.answers: Counter[str] = Counter()  # other than a receipt
        self._stage, self._notebooks = stage, notebooks
        self._lock = threading.Lock()
        self._tokens: dict[str, str] = {}

    def hand_in(self, least: int, enough: Callable[[], bool] = lambda: True) -> None:
        """Hand in at least so many, and on until it is enough."""
        numbers = self._numbers(least, enough)
        threads = [threading.Thread(target=self._client, args=(numbers,)) for _ in range(AT_ONCE)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()

    def _numbers(self, least: int, enough: Callable[[], bool]) -> Iterator[int]:
        first = number = len(self.sent)
        while number < first + least or not enough():
            yield number
            number += 1

    def _client(self, numbers: Iterator[int]) -> None:
        with httpx.Client(base_url=self._stage.url, timeout=60) as client:
            while True:
                with self._lock:
                    number = next(numbers, None)
                if number is None:
                    return
                try:
                    self._one(client, number)
                    self._wait_for_the_line(client)
                except Exception as error:  # else the class would become smaller, and at last nobody hand in
                    self.wrong.append(f"{student_of(number)}'s client: {type(error).__name__}: {error}")

    def _one(self, client: httpx.Client, number: int) -> None:
        student, kind = student_of(number), KINDS[number % len(KINDS)]
        content = self._notebooks.of_kind(kind, number)
        body = {"files": [packed(f"{UNIT}.ipynb", content)], "key": f"request-{number}"}
        ends, said = time.monotonic() + PATIENCE, ""
        while time.monotonic() < ends:
            try:
                answer = client.post(f"api/units/{UNIT}/attempts", json=body, headers=self._headers(student))
            except httpx.TransportError as error:
                said, pause = type(error).__name__, 0.2
            else:
                said, pause = str(answer.status_code), min(float(answer.headers.get("retry-after", 0.2)), 1.0)
                if answer.status_code == 201:
                    made = answer.json()
                    self.sent.append(Sent(student, kind, made["id"], made["receipt"]))
                    return
                if answer.status_code not in AGAIN:
                    self.wrong.append(f"{student} was answered {answer.status_code}: {answer.text[:200]}")
                    return
            with self._lock:
                self.answers[said] += 1
            time.sleep(pause)
        self.wrong.append(f"{student} had no receipt after {PATIENCE:.0f} s (last answer {said})")

    def _headers(self, student: str) -> dict[str, str]:
        with self._lock:
            if student not in self._tokens:
                group = f"nbgrader-{self._stage.course.name}"
                self._tokens[student] = self._stage.hub.token(student, group)
            return {"Authorization": f"token {self._tokens[student]}"}

    def _wait_for_the_line(self, client: httpx.Client) -> None:
        while line_of(client) > LONG_LINE:
            time.sleep(0.2)


def line_of(client: httpx.Client) -> int:
    """How many wait; none where nobody answers, which the next request will see."""
    try:
        answer = client.get("api/health")
        return int(answer.json()["queue"]) if answer.status_code == 200 else 0
    except httpx.TransportError:
        return 0
