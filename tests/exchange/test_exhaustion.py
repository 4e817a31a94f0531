"""One student cannot exhaust the exchange: memory, processor, disk and connections, each as it was tried."""

import asyncio
import base64
import io
import json
import lzma  # noqa: F401 - the kind of archive that is refused needs it
import secrets
import socket
import subprocess
import sys
import threading
import time
import zipfile
from contextlib import contextmanager

import pytest
import uvicorn

from autograder.exchange import reading
from autograder.exchange.service import packing
from autograder.exchange.service.bodies import BodyLimit
from autograder.exchange.service.checks import MOST, OF_ADDRESS_WAITING, Recent, TokenChecks
from autograder.exchange.service.patience import PatientProtocol
from autograder.exchange.service.refusals import Refused
from autograder.exchange.service.room import Places, Space
from autograder.exchange.service.settings import ServiceLimits
from autograder.exchange.store.uploads import from_form
from autograder.exchange.views import overview, returned

from .facts import handed_in
from .stage import files, notebook, packed
from .test_pages import finish_next, hand_in, logged_in, word_of

MIB = 2**20

MEASURE = """
import json, pathlib
from autograder.exchange.service.refusals import Refused
from autograder.exchange.service.settings import ServiceLimits
from autograder.exchange.store.uploads import parse_json

MOST = 48 << 20
FILE = b'{"path":"a","content":""},'
FACE = b'{"files":[{"path":"\\xf0\\x9f\\x98\\x80","content":"'
SHAPES = {
    "a million files": lambda: b'{"files":[' + FILE * ((MOST - 20) // len(FILE)) + b"{}]}",
    "lists in lists": lambda: b'{"files":' + b"[" * (MOST - 10),
    "small objects": lambda: b'{"files":[' + b"{},[]," * (MOST // 6 - 3) + b"{}]}",
    "half a string": lambda: b'"' + b'\\\\"' * (MOST // 16),
    "letters of four bytes": lambda: FACE + b"eHh4" * (MOST // 4 - 20) + b'"}]}',
}
told = {}
for name in list(SHAPES):
    try:
        parse_json(SHAPES[name](), ServiceLimits())
        told[name] = 200
    except Refused as refused:
        told[name] = refused.status
# not ru_maxrss, which begins with what the process that started this one holds
status = pathlib.Path("/proc/self/status").read_text().splitlines()
(peak,) = [line for line in status if line.startswith("VmHWM")]
print(json.dumps([told, int(peak.split()[1]) >> 10]))
"""


def test_no_upload_takes_more_memory_than_its_own_size_some_times():
    """Whatever is in 48 MiB of JSON: what was 3.6 GiB is refused before it is parsed."""
    done = subprocess.run(
        [sys.executable, "-c", MEASURE], capture_output=True, text=True, timeout=120, check=True
    )
    told, peak = json.loads(done.stdout)
    assert told == {
        "a million files": 413,
        "lists in lists": 413,
        "small objects": 413,
        "half a string": 400,
        "letters of four bytes": 200,
    }
    assert peak < 450  # of which the body has 48, twice while it is made


def test_an_archive_with_a_long_list_is_refused_before_it_is_read():
    """The list of a ZIP archive is read whole; 40 bytes of it become a thousand."""
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w") as archive:
        for number in range(1500):
            archive.writestr(f"__MACOSX/{number}", b"")
    with pytest.raises(Refused, match="too much in it"):
        from_form([("a.zip", content.getvalue())], ServiceLimits())


def test_an_archive_with_a_large_window_is_refused():
    """Who unpacks LZMA has a window of up to 4 GiB, as the archive says."""
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w", zipfile.ZIP_LZMA) as archive:
        archive.writestr("u.ipynb", b"{}")
    with pytest.raises(Refused, match="unusual way"):
        from_form([("a.zip", content.getvalue())], ServiceLimits())


def test_forms_are_small(stage):
    """A form with millions of fields is refused by its size, whoever sends it."""
    with logged_in(stage, "student-001", "nbgrader-course") as browser:
        body = b"word=" + word_of(browser.get("units/softmax")).encode() + b"&a=" * (3 * MIB)
        kind = {"Content-Type": "application/x-www-form-urlencoded"}
        for path in ("logout", "units/softmax/hand-in", "units/softmax/late-day"):
            assert browser.post(path, content=body, headers=kind).status_code == 413


def test_a_large_notebook_is_read_in_another_process(desk, monkeypatch):
    """With the same words; one that takes too much memory or time is said to, and takes none here."""
    unit = desk.course.units[0]
    content = json.loads(notebook(desk.course, "softmax_forward"))
    small = reading.facts_of(unit, json.dumps(content).encode(), 20)
    content["metadata"]["padding"] = " " * MIB
    monkeypatch.setattr(reading, "_facts", None)
    assert reading.facts_of(unit, json.dumps(content).encode(), 20) == small
    assert small["stubs"] == ["softmax_backward"]
    monkeypatch.setattr(reading, "PATIENCE", 0.001)
    with pytest.raises(reading.Unreadable, match="Clear the outputs"):
        reading.facts_of(unit, json.dumps(content).encode(), 20)


def test_who_looks_at_attempts_makes_us_read_no_notebook(stage, desk, monkeypatch):
    """Pages and lists tell what was noted: the notebook's file is not even opened."""
    with logged_in(stage, "student-001", "nbgrader-course") as browser:
        _, page = hand_in(stage, browser, notebook(stage.course))
        finish_next(desk)
        attempt = page.url.path.rpartition("/")[2]
        before = stage.student().get(f"api/attempts/{attempt}/feedback").json()["name"]
        for path in desk.blobs.folder.rglob("*"):
            if path.is_file():
                path.rename(path.with_suffix(".gone"))
        monkeypatch.setattr(returned, "feedback_page", None)
        assert not hasattr(overview, "read_submission")
        for path in ("", "units/softmax", f"attempts/{attempt}"):
            assert browser.get(path).status_code == 200
        (line,) = stage.student().get("api/units/softmax/attempts").json()["attempts"]
        assert line["feedback"] == before is not None


def test_what_names_feedback_changes_with_it(stage, desk):
    """Another grading, and what staff release, have other names; a second look has the same."""
    attempt = handed_in(stage, desk, 50.0)
    student, names = stage.student(), []

    def look():
        (line,) = student.get("api/units/softmax/attempts").json()["attempts"]
        assert line["feedback"] == student.get(f"api/attempts/{attempt}/feedback").json()["name"]
        names.append(line["feedback"])

    look()
    look()
    stage.staff().post(f"api/attempts/{attempt}/requeue").raise_for_status()
    finish_next(desk)
    look()
    page = {"files": [packed("softmax.html", b"<p>read by a person</p>")]}
    stage.instructor().put(f"api/attempts/{attempt}/feedback", json=page).raise_for_status()
    look()
    assert (names[0] == names[1], len(set(names))) == (True, 3)


def test_stored_files_are_sent_piece_by_piece(stage, desk, monkeypatch):
    """Who asks for 64 MiB and reads slowly holds none of our memory; what arrives is what was stored."""
    content = secrets.token_bytes(100_000)
    body = files(softmax_ipynb=notebook(stage.course)) | {}
    body["files"].append(packed("Übung.csv", content))
    made = stage.student().post("api/units/softmax/attempts", json=body).json()
    monkeypatch.setattr(packing, "CHUNK", 3000)
    with desk.database.read() as connection:
        from autograder.exchange.store import attempts

        stored = attempts.find(connection, made["id"]).files
    pieces = list(packing._pieces({"a": 1}, desk.blobs, stored))
    assert max(map(len, pieces)) <= 4000
    told = json.loads(b"".join(pieces))
    assert told["a"] == 1
    assert {each["path"]: base64.b64decode(each["content"]) for each in told["files"]}["Übung.csv"] == content
    assert stage.student().get(f"api/attempts/{made['id']}/files").json()["files"] == told["files"]


def test_one_person_has_few_places_and_others_wait_for_none():
    """Beyond the places one waits for one's own requests, and is refused where too many wait."""

    async def story():
        places, done = Places(2, 2), []

        async def ask(name):
            async with places.of(name):
                await asyncio.sleep(0.02)
                done.append(name)

        mine = [asyncio.create_task(ask("a")) for _ in range(4)]
        await asyncio.sleep(0)
        with pytest.raises(Refused, match="Try again in 2 s"):
            await ask("a")
        await ask("b")
        assert "b" in done[:3]
        mine[3].cancel()
        await asyncio.gather(*mine, return_exceptions=True)
        assert done.count("a") == 3
        assert places._lines == {}

    asyncio.run(story())


def test_uploads_together_have_so_much_room():
    """Who does not fit waits; who gives up waiting holds up nobody."""

    async def story():
        room, inside, most = Space(10), [0], [0]

        async def bring(size):
            async with room.of(size):
                inside[0] += size
                most[0] = max(most[0], inside[0])
                await asyncio.sleep(0.001)
                inside[0] -= size

        everybody = [asyncio.create_task(bring(size)) for size in (4, 4, 4, 9, 1, 10, 99)]
        await asyncio.sleep(0)
        everybody[3].cancel()
        await asyncio.gather(*everybody, return_exceptions=True)
        assert most[0] <= 99
        assert room._free == 10

    asyncio.run(story())


def test_a_slow_upload_holds_up_only_its_sender(stage):
    """Its sender's next one waits for it; others are not held up; after its time it is refused."""
    body = json.dumps(files(softmax_ipynb=notebook(stage.course))).encode()
    slow = stage.hub.token("student-001", "nbgrader-course")
    with _connected(stage) as sender:
        head = "POST /services/exchange/api/units/softmax/attempts HTTP/1.1\r\nHost: x\r\n"
        sender.sendall(f"{head}Authorization: token {slow}\r\nContent-Length: {len(body)}\r\n\r\n".encode())
        sender.sendall(body[:100])
        answered = []

        def again():
            answered.append(stage.client(slow).post("api/units/softmax/attempts", content=body).status_code)

        waiting = threading.Thread(target=again)
        waiting.start()
        other = stage.student("student-002").post("api/units/softmax/attempts", content=body)
        assert (other.status_code, answered) == (201, [])
        assert stage.client(slow).get("api/me").status_code == 200
        sender.sendall(body[100:])
        assert b"201 Created" in sender.recv(4096)
        waiting.join()
        assert answered == [201]


def test_a_body_that_does_not_end_is_refused():
    """Half a minute is given, and more to whoever sends something."""
    asked, said = [], []

    async def app(scope, receive, send):
        try:
            while (await receive()).get("more_body"):
                pass
        except Refused as refused:
            asked.append(refused.status)

    async def receive():
        await asyncio.sleep(0.02 if len(said) < 3 else 60)
        said.append(1)
        return {"type": "http.request", "body": b"x", "more_body": True}

    scope = {"type": "http", "method": "GET", "path": "/", "headers": []}
    asyncio.run(BodyLimit(app, 100, patience=0.2)(scope, receive, None))
    assert (asked, len(said)) == ([408], 3)


def test_who_still_sends_reads_the_answer(stage):
    """A stranger's upload is refused once it has come; at a reset a proxy in between would say 503."""
    with _connected(stage) as connection:
        length = 300_000  # more than buffers of the system take
        head = "POST /services/exchange/api/units/softmax/attempts HTTP/1.1\r\nHost: x\r\n"
        connection.sendall(f"{head}Connection: close\r\nContent-Length: {length}\r\n\r\n".encode())
        for _ in range(10):
            time.sleep(0.02)
            connection.sendall(b"x" * (length // 10))
        answer = b""
        while more := connection.recv(10_000):
            answer += more
    assert answer.startswith(b"HTTP/1.1 401 ")


class Impatient(PatientProtocol):
    seconds = 0.3


def test_connections_that_say_nothing_are_closed():
    """Neither silence nor a header that comes a letter at a time holds a connection; a kept one may rest."""

    async def app(scope, receive, send):
        await send({"type": "http.response.start", "status": 204, "headers": []})
        await send({"type": "http.response.body", "body": b""})

    settings = uvicorn.Config(app, http=Impatient, port=0, log_level="error", lifespan="off")
    server = uvicorn.Server(settings)
    thread = threading.Thread(target=server.run)
    thread.start()
    while not server.started:
        time.sleep(0.01)
    port = server.servers[0].sockets[0].getsockname()[1]
    try:
        with _to(port) as silent, _to(port) as slow, _to(port) as kept:
            kept.sendall(b"GET / HTTP/1.1\r\nHost: x\r\n\r\n")
            assert b"204" in kept.recv(1000)
            ends = time.monotonic() + 30
            while _takes(slow, b"G"):
                assert time.monotonic() < ends
                time.sleep(0.05)
            assert silent.recv(10) == b""
            kept.sendall(b"GET / HTTP/1.1\r\nHost: x\r\n\r\n")
            assert b"204" in kept.recv(1000)
    finally:
        server.should_exit = True
        thread.join()


def _takes(connection, letter):
    """Whether a connection is still there."""
    try:
        connection.sendall(letter)
    except OSError:
        return False
    return True


class Hub:
    """Knows one token; takes a moment to say so."""

    def __init__(self):
        self.asked, self.at_once, self.most = 0, 0, 0

    async def model(self, token):
        self.asked, self.at_once = self.asked + 1, self.at_once + 1
        self.most = max(self.most, self.at_once)
        await asyncio.sleep(0.001)
        self.at_once -= 1
        return {"name": token} if token.startswith("known") else None


def test_made_up_tokens_are_not_carried_to_the_hub():
    """A flood from one address asks the hub twenty times a second; whom it knows is let in meanwhile."""

    async def story():
        hub = Hub()
        checks = TokenChecks(hub)
        assert (await checks.model("known-before", "a"))["name"] == "known-before"
        flood = [asyncio.create_task(checks.model(secrets.token_hex(8), "a")) for _ in range(200)]
        await asyncio.sleep(0.01)
        begun = time.monotonic()
        checks.known.clear()
        assert await checks.model("known-before", "a")
        assert await checks.model("known-cookie", "a", vouched=True)
        assert await checks.model("known-elsewhere", "b")
        assert time.monotonic() - begun < 0.2
        told = await asyncio.gather(*flood, return_exceptions=True)
        refused = [each for each in told if isinstance(each, Refused)]
        assert [each.status for each in refused] == [429] * (199 - OF_ADDRESS_WAITING)
        assert hub.asked == 4 + 1 + OF_ADDRESS_WAITING
        assert hub.most <= 3

    asyncio.run(story())


def test_the_hub_s_no_is_believed_for_a_while():
    """The same made-up token again asks nobody, at once or later; a bounded number is remembered."""

    async def story():
        hub = Hub()
        checks = TokenChecks(hub)
        told = await asyncio.gather(*(checks.model("guess", "a") for _ in range(50)))
        assert (set(told), hub.asked) == ({None}, 1)
        assert await checks.model("guess", "b") is None
        assert hub.asked == 1

    asyncio.run(story())
    recent = Recent(60.0)
    for number in range(MOST + 10):
        recent.put(str(number))
    assert (len(recent), "5" in recent, str(MOST) in recent) == (MOST, False, True)


def test_made_up_logins_are_refused_in_words(stage):
    """A code that the hub never gave is no fault of ours, and is not logged as one."""
    with logged_in(stage, "student-001", "nbgrader-course") as browser:
        browser.cookies.clear()
        browser.follow_redirects = False
        state = browser.get("").headers["location"].split("state=")[1].split("&")[0]
        answer = browser.get(f"oauth_callback?code=made-up&state={state}")
        assert (answer.status_code, "does not know this login" in answer.text) == (403, True)


@contextmanager
def _connected(stage):
    with _to(int(stage.url.split(":")[2].split("/")[0])) as found:
        yield found


def _to(port):
    return socket.create_connection(("127.0.0.1", port), timeout=30)
