"""Addresses of sockets, and folders that only their owner can enter."""

import os
import socket
import stat
from pathlib import Path

import pytest
from yarl import URL

from autograder.base.unix_sockets import address, listen, path_of, reserve, socket_folder


@pytest.mark.parametrize("path", ["/srv/x.sock", "/srv/Deep Learning/A+b%/é:80/exchange"])
def test_an_address_names_one_path(path):
    """Also where its reader makes small letters of a host, as the hub's HTTP client does."""
    assert path_of(address(Path(path))) == Path(path)
    assert path_of(str(URL(address(Path(path)), encoded=True)).lower()) == Path(path)


@pytest.mark.parametrize("url", ["", "http://127.0.0.1:8010", "https://hub.example.org/x"])
def test_other_addresses_name_none(url):
    """A service may still be on a port."""
    assert path_of(url) is None


@pytest.mark.parametrize("depth", [0, 12])
def test_a_folder_of_sockets_is_its_owners_alone(tmp_path, monkeypatch, depth):
    """It has room for a path of a socket, however deep the data lies; the next start finds the same."""
    short = tmp_path / "t"
    short.mkdir()
    monkeypatch.setattr("tempfile.tempdir", str(short))
    wanted = tmp_path.joinpath(*["a-folder-in-a-folder"] * depth, "sockets")
    wanted.parent.mkdir(parents=True, exist_ok=True)
    folder = socket_folder(wanted)
    assert folder.stat().st_mode & 0o777 == 0o700 and socket_folder(wanted) == folder
    assert (folder == wanted) == (depth == 0)
    with listen(folder / "formgrader"):
        assert stat.S_ISSOCK((wanted / "formgrader").stat().st_mode)


@pytest.mark.parametrize("change", [lambda path: path.chmod(0o755), Path.rmdir, lambda path: None])
def test_a_folder_that_others_could_have_made_is_not_used(tmp_path, monkeypatch, change):
    """Where the path leads to /tmp: gone after a restart of the machine, and anybody may make it there."""
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    wanted = tmp_path.joinpath(*["a-folder-in-a-folder"] * 12, "sockets")
    wanted.parent.mkdir(parents=True, exist_ok=True)
    first = socket_folder(wanted)
    change(first)
    if first.exists() and first.stat().st_mode & 0o777 == 0o700:
        monkeypatch.setattr(os, "geteuid", lambda: first.stat().st_uid + 1)
    second = socket_folder(wanted)
    assert second != first and second.stat().st_mode & 0o777 == 0o700


def test_a_file_system_without_sockets_is_left_out(tmp_path, monkeypatch):
    """They are in a folder for files that pass, then; also at the next start."""
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    with monkeypatch.context() as patch:
        patch.setattr("autograder.base.unix_sockets._takes_sockets", lambda folder: False)
        folder = socket_folder(tmp_path / "sockets")
    assert folder.parent == tmp_path and folder.name.startswith("course-hub-")
    assert socket_folder(tmp_path / "sockets") == folder == (tmp_path / "sockets").resolve()


def test_nobody_is_there_until_somebody_listens(tmp_path):
    """A reserved address refuses; who listens takes the place of what a killed process left."""
    path = tmp_path / "s"
    reserve(path)
    with socket.socket(socket.AF_UNIX) as early, pytest.raises(ConnectionRefusedError):
        early.connect(str(path))
    with listen(path), socket.socket(socket.AF_UNIX) as late:
        late.connect(str(path))
