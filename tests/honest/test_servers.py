"""Code that was written for a GPU server earns the same points where there is no GPU."""

from __future__ import annotations

import textwrap
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from autograder.course import load_course
from autograder.judge.grader import Grader
from autograder.preflight import of_unit, preflight
from autograder.sandbox.doctor.certificates import strongest_tier
from tests.support import ROOT, place, solved_notebook, write

UNIT = "autoencoder"
TRAINING = {
    "moved without asking": """
        def train_autoencoder(model, x, rows, loss, lr, corruption=None):
            model = model.cuda()
            optimizer = torch.optim.Adam(model.parameters(), lr)
            losses = []
            for index in rows:
                batch = x[index].cuda(non_blocking=True)
                value = loss(model(corruption(batch) if corruption else batch), batch)
                optimizer.zero_grad()
                value.backward()
                optimizer.step()
                losses.append(value.item())
            torch.cuda.synchronize()
            return losses
    """,
    "a loader with workers": """
        from torch.utils.data import DataLoader, TensorDataset
        def train_autoencoder(model, x, rows, loss, lr, corruption=None):
            loader = DataLoader(TensorDataset(x), batch_sampler=rows.tolist(), num_workers=2, pin_memory=True)
            optimizer = torch.optim.Adam(model.parameters(), lr)
            losses = []
            for (batch,) in loader:
                value = loss(model(corruption(batch) if corruption else batch), batch)
                optimizer.zero_grad()
                value.backward()
                optimizer.step()
                losses.append(value.item())
            return losses
    """,
    "a device constant and a compiled step": """
        DEVICE = torch.device("cuda")
        def train_autoencoder(model, x, rows, loss, lr, corruption=None):
            model.to(DEVICE)
            x = x.to(DEVICE, copy=True)
            optimizer = torch.optim.Adam(model.parameters(), lr)
            scaler = torch.amp.GradScaler("cuda")

            @torch.compile
            def step(batch):
                with torch.autocast("cuda", enabled=False):
                    value = loss(model(corruption(batch) if corruption else batch), batch)
                optimizer.zero_grad(set_to_none=True)
                scaler.scale(value).backward()
                scaler.step(optimizer)
                scaler.update()
                return value.detach()

            return [step(x[index]).cpu().item() for index in rows]
    """,
}


@pytest.fixture(scope="module")
def grader(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Grader]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("COURSE_DATA", str(tmp_path_factory.mktemp("data")))
        course = load_course(ROOT)
        with Grader(course, course.unit(UNIT), strongest_tier()) as grader:
            yield grader


@pytest.mark.parametrize("what", TRAINING)
def test_a_task_for_a_gpu_server_earns_all_points(what: str, grader: Grader, tmp_path: Path) -> None:
    """No worker processes, and a device that is not there is the CPU."""
    content: dict[str, Any] = solved_notebook(UNIT)
    cell = content["cells"][place(content, "train_autoencoder")]
    cell["source"] = f"import torch\n{textwrap.dedent(TRAINING[what])}"
    result = grader.grade(write(tmp_path, content), "student-001")
    assert [(check.id, check.reason) for check in result.checks if check.earned < check.points] == []


LOSSES = {
    "tensors without axes": "losses.append(value.detach())",
    "tensors with their history": "losses.append(value)",
    "an array": "losses = np.append(losses, value.item())",
    "a tuple": "losses = (*losses, value.item())",
}


@pytest.mark.parametrize("what", LOSSES)
def test_losses_of_another_type_are_right(what: str, grader: Grader, tmp_path: Path) -> None:
    """The values are what the task asks for; the public checks pass as well, and say what differs."""
    source = f"""
        import numpy as np
        import torch
        def train_autoencoder(model, x, rows, loss, lr, corruption=None):
            optimizer = torch.optim.Adam(model.parameters(), lr)
            losses = []
            for index in rows:
                batch = x[index]
                value = loss(model(corruption(batch) if corruption else batch), batch)
                optimizer.zero_grad()
                value.backward()
                optimizer.step()
                {LOSSES[what].strip()}
            return losses
    """
    content: dict[str, Any] = solved_notebook(UNIT)
    content["cells"][place(content, "train_autoencoder")]["source"] = textwrap.dedent(source).strip()
    path = write(tmp_path, content)
    result = grader.grade(path, "student-001")
    assert [(check.id, check.reason) for check in result.checks if check.earned < check.points] == []
    report = preflight(path, of_unit(grader.course, grader.unit), zygote=grader.zygote)
    assert report.ok, report.lost
    told = [check.message for check in report.checks if check.task == "train_autoencoder" and check.message]
    assert told and all(message.startswith("Note: ") for message in told)
