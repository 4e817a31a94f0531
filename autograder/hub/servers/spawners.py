"""Where a person's server starts, and what it finds there."""

from __future__ import annotations

import base64
import json
import os
import sys
from pathlib import Path
from typing import Any

from ...base.errors import UsageError
from ...course import Course, Profile
from ...sandbox.doctor.machine import gpus
from ..process.options import Options, hub_folder
from ..process.services import exchange_environment
from . import profiles
from .disposable import walled

CLASSES = {
    "simple": "jupyterhub.spawner.SimpleLocalProcessSpawner",
    "system": "jupyterhub.spawner.LocalProcessSpawner",
    "docker": "dockerspawner.DockerSpawner",
    "slurm": "batchspawner.SlurmSpawner",
    "kubernetes": "kubespawner.KubeSpawner",
}
SETTINGS = Path(__file__).parents[1] / "server_settings"


def configure_spawner(c: Any, course: Course, options: Options) -> None:
    """Choose the spawner, offer the profiles, say where the exchange is."""
    offer = profiles.offered(course.profiles, options.spawner, len(gpus()))
    c.JupyterHub.spawner_class = CLASSES[options.spawner]
    c.Spawner.default_url = "/lab"
    c.Spawner.http_timeout = 120
    c.Spawner.start_timeout = 3600 if options.spawner in ("slurm", "kubernetes") else 120
    c.Spawner.environment = {"COURSE_NAME": course.name, **exchange_environment(course, options)}
    c.Spawner.options_form = profiles.form(offer)
    c.Spawner.options_from_form = profiles.chosen
    c.Spawner.pre_spawn_hook = BeforeSpawn(course, offer, options)
    c.Spawner.server_token_scopes = token_scopes
    if options.spawner == "simple":
        c.Spawner.args = ["--allow-root"] if os.geteuid() == 0 else []
        homes = hub_folder(course) / "homes"
        c.SimpleLocalProcessSpawner.home_dir_template = f"{homes}/{{username}}"
    if options.spawner in ("simple", "system"):
        c.Spawner.poll_interval = 5  # seconds until a server that was killed can be started again
        # bin first on PATH: nbgrader starts alembic, terminals find nbgrader and course
        c.Spawner.env_keep = ["LANG", "LC_ALL", "TZ"]
        c.Spawner.environment["PATH"] = _path()


class BeforeSpawn:
    """Translates the chosen profile, gives students and staff their menus, walls copies in."""

    def __init__(self, course: Course, offer: tuple[Profile, ...], options: Options) -> None:
        self.course, self.offer, self.options = course, offer, options

    def __call__(self, spawner: Any) -> None:
        """Called by JupyterHub for each server.

        Raises:
            tornado.web.HTTPError: what was asked for is not offered to this person.
        """
        staff = f"formgrade-{self.course.name}" in {group.name for group in spawner.user.groups}
        environment = {"JUPYTER_CONFIG_PATH": os.pathsep.join(config_folders(staff, self.options.spawner))}
        if spawner.name:
            command = self._copy(spawner, staff)
            word = spawner.user_options["copy"]
            environment["COURSE_COPY_URL"] = (
                f"{self.options.address}/services/{self.course.name}/copies/{word}"
            )
            environment["COURSE_COPY_NAME"] = _name_in(word)
            environment["COURSE_EXCHANGE_URL"] = ""
        else:
            local = self.options.spawner in ("simple", "system")
            command = [
                sys.executable if local else "python3",
                "-P",
                "-m",
                "autograder.hub.servers.singleuser",
            ]
        profile = self._profile(spawner.user_options.get("profile"))
        traits = profiles.TRANSLATIONS[self.options.spawner](profile, command)
        spawner.environment = {**spawner.environment, **traits.pop("environment"), **environment}
        for name, value in traits.items():
            setattr(spawner, name, value)

    def _copy(self, spawner: Any, staff: bool) -> list[str]:
        """The command of a server for a copy, and no folder of its owner's beside it."""
        from tornado import web

        if not staff or not spawner.user_options.get("copy"):
            raise web.HTTPError(403, "A second server is for staff who open a submission in formgrader.")
        if self.options.spawner == "slurm":
            raise web.HTTPError(403, "On Slurm a job sees its owner's home. Download the notebook instead.")
        command = ["python3", "-P", "-m", "autograder.hub.servers.disposable"]
        if self.options.spawner in ("simple", "system"):
            return walled(self.course, [sys.executable, *command[1:]])
        spawner.volumes = {} if self.options.spawner == "docker" else []
        if self.options.spawner == "kubernetes":
            spawner.volume_mounts, spawner.storage_pvc_ensure = [], False
        return command

    def _profile(self, name: str | None) -> Profile:
        from tornado import web

        try:
            return profiles.find(self.offer, name)
        except UsageError as error:
            raise web.HTTPError(400, str(error)) from error


def token_scopes(spawner: Any) -> list[str]:
    """What a server's own token may do; a named server, where others' work is opened, next to nothing.

    On the default server a person does their own work, with all that they may do. A staff
    member's named server runs a student's notebook: its token can report activity and
    name its owner, and neither reads submissions nor writes marks.
    """
    if spawner.name:
        return [f"users:activity!user={spawner.user.name}", f"read:users:name!user={spawner.user.name}"]
    return ["inherit"]


def config_folders(staff: bool, spawner: str) -> list[str]:
    """Jupyter's configuration for one server, the first winning.

    In containers the package lies where their image put it, so they carry their own.
    """
    root = SETTINGS if spawner in ("simple", "system") else Path("/etc/course")
    return [str(root / ("staff" if staff else "student")), str(root / "everyone")]


def _path() -> str:
    beside = str(Path(sys.executable).parent)
    return os.pathsep.join([beside, *os.environ.get("PATH", "/usr/bin:/bin").split(os.pathsep)])


def _name_in(word: str) -> str:
    """The file's name, which a signed word carries in the open; only a label, so not verified here."""
    payload = word.partition(".")[0]
    try:
        inner = json.loads(base64.urlsafe_b64decode(payload + "=" * (-len(payload) % 4)))
        return Path(str(inner)).name
    except ValueError:
        return "submission.ipynb"
