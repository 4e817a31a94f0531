"""How the hub is told of its GPUs."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

from ...base.errors import UsageError
from ...course import Course, Profile
from ..process.options import hub_folder
from .book import GpuBook
from .share import share_of

NO_GPU = {"CUDA_VISIBLE_DEVICES": ""}  # for a profile without one
QUEUE_SECONDS = 12 * 3600  # that somebody may wait for a device


def watch_gpus(c: Any, course: Course, offer: tuple[Profile, ...], devices: tuple[str, ...]) -> None:
    """Keep the book where any profile has GPUs; hand ``devices`` out in turn."""
    if not any(profile.gpus for profile in offer):
        return
    from . import page, reports  # JupyterHub itself, which no command needs

    c.CourseHub.gpu_book = str(book_file(course))
    c.CourseHub.gpu_days = course.retention.gpu_days
    c.CourseHub.gpu_profiles = {profile.name: profile.gpus for profile in offer}
    limits = {profile.name: idle_minutes(course, profile) for profile in offer}
    book = {"book": c.CourseHub.gpu_book}
    c.JupyterHub.extra_handlers = [
        *c.JupyterHub.extra_handlers,
        (reports.PATH, reports.GpuReport, {**book, "idle_minutes": limits}),
        (page.PATH, page.GpuPage, {**book, "course": course}),
    ]
    c.JupyterHub.template_vars = {**c.JupyterHub.template_vars, "has_gpus": True}
    if devices:
        c.TakesTurns.gpu_book, c.TakesTurns.gpu_devices = c.CourseHub.gpu_book, list(devices)
        c.JupyterHub.concurrent_spawn_limit = 0  # who waits for a device keeps nobody else from starting


def idle_minutes(course: Course, profile: Profile) -> float | None:
    """Until a server of this profile ends that does not use its GPUs; None: never."""
    if not profile.gpus:
        return None
    return course.gpu_idle_minutes if profile.gpu_idle_minutes is None else profile.gpu_idle_minutes


def book_file(course: Course) -> Path:
    """Where the book of a course's hub is."""
    return hub_folder(course) / "gpus.sqlite"


class TimeLeft:
    """For JupyterHub's pages: what is left of a student's share; empty for everybody else."""

    def __init__(self, course: Course, is_student: Callable[[Any], bool]) -> None:
        self.course, self.is_student = course, is_student
        self._book: GpuBook | None = None

    def __call__(self, user: Any) -> str:
        """Called for each page with whoever looks at it; None where nobody is logged in."""
        hours = self.course.gpu_hours_per_week
        if hours is None or user is None or not self.is_student(user):
            return ""
        self._book = self._book or GpuBook(book_file(self.course))
        return share_of(self.course, hours, self._book, user.name).sentence()


def within_share(course: Course, user: str, profile: Profile) -> Profile:
    """The profile, ended when the student's share of this week is used up.

    Raises:
        UsageError: there is nothing left of it; with the moment when it renews.
    """
    hours = course.gpu_hours_per_week
    if hours is None or not profile.gpus:
        return profile
    share = share_of(course, hours, GpuBook(book_file(course)), user)
    if refusal := share.refusal():
        raise UsageError(refusal)
    return replace(profile, hours=min(profile.hours, share.left / 3600 / profile.gpus))
