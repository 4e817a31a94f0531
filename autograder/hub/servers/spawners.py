"""Where a person's server starts, and what it finds there."""

from __future__ import annotations

import base64
import json
import os
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

from ...base.errors import UsageError
from ...course import Course, Profile
from ..gpus.machine import devices_here
from ..gpus.settings import NO_GPU, QUEUE_SECONDS, TimeLeft, watch_gpus, within_share
from ..process.options import Options, hub_folder
from ..process.origins import service_url
from ..process.services import TRUSTED, exchange_environment
from . import profiles
from .choice import from_form, only_choices
from .disposable import walled
from .profiles import form

CLASSES = {
    "simple": "autograder.hub.gpus.taking_turns.Simple",
    "system": "autograder.hub.gpus.taking_turns.System",
    "docker": "autograder.hub.gpus.containers.Containers",
    "slurm": "autograder.hub.servers.slurm_job.CourseSlurmSpawner",
    "kubernetes": "autograder.hub.servers.kube_pod.CourseKubeSpawner",
}
SERVER = "autograder.hub.servers.singleuser"
PROGRAMS = {  # where another module starts it
    "slurm": "autograder.hub.servers.in_job",
    "kubernetes": "autograder.hub.servers.in_pod",
}
LEFT = {  # by an earlier run of the hub, and how it is found
    "slurm": "autograder.hub.process.left_jobs.JobsTakenUp",
    "kubernetes": "autograder.hub.process.left_pods.PodsTakenUp",
}
QUEUES = {"slurm": 24 * 3600, "kubernetes": 3600}  # seconds that somebody waits for a turn
ONE_MACHINE = ("simple", "system", "docker")  # whose GPUs the hub itself hands out
SHARED = ("simple", "system", "slurm")  # servers there find this environment, where it lies here
SETTINGS = Path(__file__).parents[1] / "server_settings"


def configure_spawner(c: Any, course: Course, options: Options) -> None:
    """Choose the spawner, offer the profiles, say where the exchange is."""
    devices = devices_here(options.gpus) if options.spawner in ONE_MACHINE else ()
    offer = profiles.offered(course.profiles, options.spawner, len(devices))
    c.JupyterHub.spawner_class = CLASSES[options.spawner]
    c.Spawner.default_url = "/lab"
    c.Spawner.http_timeout = 120
    c.Spawner.start_timeout = 120
    if options.spawner in QUEUES:
        c.Spawner.start_timeout = QUEUES[options.spawner]
        c.JupyterHub.concurrent_spawn_limit = 1000  # whoever waits in the queue counts as starting
    c.Spawner.environment = {"COURSE_NAME": course.name, **exchange_environment(course, options)}
    c.Spawner.options_form = Choice(course.name, offer) if any(each.who for each in offer) else form(offer)
    c.Spawner.options_from_form = from_form
    c.Spawner.apply_user_options = only_choices
    c.Spawner.pre_spawn_hook = BeforeSpawn(course, offer, options)
    c.Spawner.server_token_scopes = token_scopes
    watch_gpus(c, course, offer, devices)
    if options.spawner == "kubernetes":
        c.CourseKubeSpawner.fixed_nodes = not options.autoscaled
        c.CourseHub.gpu_times = "autograder.hub.gpus.pod_times.PodTimes"
    if any(profile.gpus for profile in offer):
        left = TimeLeft(course, lambda user: role_of(course.name, user) == "student")
        c.JupyterHub.template_vars = {**c.JupyterHub.template_vars, "gpu_time_left": left}
    if options.spawner == "slurm":
        from .job_port import take_the_place_of_batchspawners

        take_the_place_of_batchspawners(c)
    if options.spawner in LEFT:
        from ..process.taken_up import mark_of
        from .waited_for import forget_token

        c.Spawner.post_stop_hook = forget_token
        c.CourseHub.taken_up, c.CourseHub.job_mark = LEFT[options.spawner], mark_of(course)
    if options.spawner == "simple":
        c.Spawner.args = ["--allow-root"] if os.geteuid() == 0 else []
        homes = hub_folder(course) / "homes"
        c.SimpleLocalProcessSpawner.home_dir_template = f"{homes}/{{username}}"
    if options.spawner in ONE_MACHINE:
        c.Spawner.poll_interval = 5  # seconds until a server that was killed has freed its GPU
    if options.spawner in SHARED:
        # bin first on PATH: nbgrader starts alembic, terminals find nbgrader and course
        c.Spawner.env_keep = ["LANG", "LC_ALL", "TZ", *TRUSTED]
        c.Spawner.environment["PATH"] = _path()


class Choice:
    """The form of a course in which not everybody is offered the same."""

    def __init__(self, course: str, offer: tuple[Profile, ...]) -> None:
        self.course, self.offer = course, offer

    def __call__(self, spawner: Any) -> str:
        """Called by JupyterHub for each person."""
        return form(profiles.for_role(self.offer, role_of(self.course, spawner.user)))


def role_of(course: str, user: Any) -> str:
    """The role that a user of the hub has by their groups."""
    groups = {group.name for group in user.groups}
    if f"instructor-{course}" in groups:
        return "instructor"
    return "ta" if f"formgrade-{course}" in groups else "student"


class BeforeSpawn:
    """Translates the chosen profile, gives staff their menu, walls copies in."""

    def __init__(self, course: Course, offer: tuple[Profile, ...], options: Options) -> None:
        self.course, self.offer, self.options = course, offer, options

    def __call__(self, spawner: Any) -> None:
        """Called by JupyterHub for each server.

        Raises:
            tornado.web.HTTPError: what was asked for is not offered to this person.
        """
        role = role_of(self.course.name, spawner.user)
        staff = role != "student"
        environment = {"JUPYTER_CONFIG_PATH": os.pathsep.join(config_folders(staff, self.options.spawner))}
        if spawner.name:
            command = self._copy(spawner, staff)
            word = spawner.user_options["copy"]
            environment["COURSE_COPY_URL"] = f"{service_url(self.options, self.course.name)}/copies/{word}"
            environment["COURSE_COPY_NAME"] = _name_in(word)
            environment["COURSE_EXCHANGE_URL"] = ""
            environment["COURSE_GPUS"] = "0"
            if self.options.own_origins:  # JupyterHub's login would come back to the owner's own domain
                back = environment["COURSE_COPY_CALLBACK"] = f"{spawner.public_url}oauth_callback"
                spawner.orm_spawner.oauth_client.redirect_uri = back
        else:
            command = [_python(self.options.spawner), "-P", "-m", PROGRAMS.get(self.options.spawner, SERVER)]
        profile = self._profile(spawner.user_options.get("profile"), role)
        if spawner.name:
            profile = replace(profile, gpus=0)  # a copy is looked at, and computes nothing
        if not staff:
            profile = self._within_share(spawner.user.name, profile)
        traits = profiles.TRANSLATIONS[self.options.spawner](profile, command)
        spawner.environment = {**spawner.environment, **traits.pop("environment"), **environment}
        if self.options.spawner in ONE_MACHINE:
            spawner.gpus = profile.gpus
            spawner.environment |= {} if spawner.gpus else NO_GPU
            spawner.start_timeout = QUEUE_SECONDS if spawner.gpus else spawner.start_timeout
        if self.options.spawner == "docker":  # beside what a site's file sets
            traits["extra_host_config"] = {**spawner.extra_host_config, **traits["extra_host_config"]}
        if self.options.spawner == "slurm":
            from ..process.left_jobs import comment
            from ..process.taken_up import mark_of

            traits["req_comment"] = comment(mark_of(self.course), self.course.name, spawner.user.name)
        if self.options.spawner == "kubernetes":  # KubeSpawner has an option "profile" of its own
            from ..process.left_pods import labels
            from ..process.taken_up import mark_of

            spawner.user_options = {}
            traits["extra_labels"] = {
                **spawner.extra_labels,
                **labels(mark_of(self.course), self.course.name),
            }
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

    def _within_share(self, user: str, profile: Profile) -> Profile:
        from tornado import web

        try:
            return within_share(self.course, user, profile)
        except UsageError as error:
            raise web.HTTPError(403, str(error)) from error

    def _profile(self, name: str | None, role: str) -> Profile:
        from tornado import web

        try:
            return profiles.find(profiles.for_role(self.offer, role), name)
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
    root = SETTINGS if spawner in SHARED else Path("/etc/course")
    return [str(root / name) for name in (*(["staff"] if staff else []), "everyone")]


def _python(spawner: str) -> str:
    return sys.executable if spawner in SHARED else "python3"


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
