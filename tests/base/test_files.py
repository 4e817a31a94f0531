"""Files that are replaced whole, keys, and waiting for one's turn."""

from __future__ import annotations

import os
import time
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor
from multiprocessing import get_context

import pytest

from autograder.base import files
from autograder.base.errors import ConfigError
from autograder.base.files import check_private, key, replace_file, replaced_together, token, turn


def mode_of(path):
    return path.stat().st_mode & 0o777


def replace_all(contents):
    """Replace several files together."""
    with replaced_together() as put:
        for path, content in contents.items():
            put(path, content)


def test_files_are_replaced_together(tmp_path):
    """Many files get their new content at once, and none where one of them fails."""
    new, old = tmp_path / "new" / "file", tmp_path / "old"
    old.write_text("before")
    with pytest.raises(TypeError):
        replace_all({new: b"after", old: None})
    assert old.read_text() == "before"
    assert not list(new.parent.iterdir())
    replace_all({new: b"after", old: b"after"})
    assert (new.read_text(), old.read_text()) == ("after", "after")
    assert sorted(path.name for path in tmp_path.rglob("*")) == ["file", "new", "old"]


@pytest.mark.parametrize("umask", [0o022, 0o027, 0o077])
def test_a_new_file_has_the_mode_of_any_other(tmp_path, umask):
    """The umask says who may read it; a private one is for its owner, whatever the umask."""
    before = os.umask(umask)
    try:
        (tmp_path / "own").write_text("written by open()")
        replace_file(tmp_path / "common", "text")
        files.write_private(tmp_path / "private", "text")
    finally:
        os.umask(before)
    assert mode_of(tmp_path / "common") == mode_of(tmp_path / "own")
    assert mode_of(tmp_path / "private") == 0o600


def test_a_private_file_is_private_before_it_is_there(tmp_path, monkeypatch):
    """Whoever looks while it is being written finds nothing to open."""
    seen = []

    def look(path):
        seen.append([mode_of(each) for each in tmp_path.iterdir()])

    monkeypatch.setattr(files, "reach_disk", look)
    files.write_private(tmp_path / "hashes", "text")
    assert seen == [[0o600]]


@pytest.mark.parametrize("call", ["write", "fsync", "replace"])
def test_a_full_disk_leaves_the_old_file(tmp_path, monkeypatch, call):
    """The error names the file that was meant; nothing else is left behind."""
    path = tmp_path / "file"
    path.write_text("before")

    def full(*arguments, **options):
        raise OSError(28, "No space left on device")

    if call == "write":
        monkeypatch.setattr(files, "_begin_to_store", full)
    else:
        monkeypatch.setattr(os, call, full)
    with pytest.raises(OSError, match="No space left") as error:
        replace_file(path, "after")
    assert error.value.filename == str(path)
    assert [(each.name, each.read_text()) for each in tmp_path.iterdir()] == [("file", "before")]


def test_half_characters_do_not_stop_a_text(tmp_path):
    """A page that quotes a damaged name is written all the same."""
    replace_file(tmp_path / "page", "a\ud800b")
    assert (tmp_path / "page").read_text(encoding="utf-8") == "a?b"


def test_keys_are_private(tmp_path):
    """Made once, mode 0600; one that others can read is refused."""
    path = tmp_path / "folder" / "key"
    assert key(path, lambda: b"first" * 9) == key(path, lambda: b"second" * 9) == b"first" * 9
    assert mode_of(path) == 0o600
    assert [each.name for each in path.parent.iterdir()] == ["key"]
    path.chmod(0o644)
    with pytest.raises(ConfigError, match="chmod 600"):
        key(path, lambda: b"")
    with pytest.raises(ConfigError, match="chmod 600"):
        check_private(path)


@pytest.mark.parametrize("content", [b"", b"\n" * 40, b"x" * 15])
def test_a_damaged_key_is_refused_not_replaced(tmp_path, content):
    """What a key locked cannot be had with another one."""
    path = tmp_path / "key"
    files.write_private(path, content.decode())
    with pytest.raises(ConfigError, match="at least 16 characters; restore it from a backup"):
        key(path, lambda: b"another" * 9)
    assert path.read_bytes() == content


def test_many_who_make_a_key_agree(tmp_path):
    """The first one's counts, whoever read it first."""
    with ThreadPoolExecutor(16) as threads:
        tokens = set(threads.map(lambda _: token(tmp_path / "token"), range(64)))
    assert [len(bytes.fromhex(each)) for each in tokens] == [32]
    assert [each.name for each in tmp_path.iterdir()] == ["token"]


def test_a_key_that_cannot_be_written_leaves_nothing(tmp_path, monkeypatch):
    """Half a key would be taken for one at the next start."""

    def full(handle):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(OSError, match="No space left"):
        token(tmp_path / "token")
    assert not list(tmp_path.iterdir())


def count(path):
    """Read a number, take one's time, and write the next one."""
    with turn(path.with_name("turn")):
        number = int(path.read_text())
        time.sleep(0.02)
        path.write_text(str(number + 1))


def test_turns_are_taken_one_after_the_other(tmp_path):
    """No count of other processes is lost, and the lock is a file that only its owner can open."""
    path = tmp_path / "count"
    path.write_text("0")
    with ProcessPoolExecutor(3, mp_context=get_context("spawn")) as processes:
        list(processes.map(count, [path] * 9))
    assert path.read_text() == "9"
    assert mode_of(tmp_path / "turn") == 0o600


def test_a_turn_ends_with_an_error(tmp_path):
    """Who fails does not keep the others waiting."""
    with pytest.raises(ValueError, match="mine"), turn(tmp_path / "turn"):
        raise ValueError("mine")
    with ThreadPoolExecutor(1) as threads:
        assert threads.submit(_had, tmp_path / "turn").result(timeout=10)


def _had(path):
    with turn(path):
        return True
