"""What a zygote loads before it forks, so that locked children need nothing from disk.

torch detects the processor lazily, from /proc and /sys. In a child that may not
read them it would silently fall back to other kernels, whose results differ in the
last digits from the judge's. So every such path is walked once here. Then what would start workers or
need a device that is not there gets replaced (``at_once``, ``devices``).
"""

from __future__ import annotations

import importlib
from collections.abc import Callable, Iterable
from typing import Any

from . import at_once, devices

STANDARD = """
    abc array ast base64 bisect builtins cmath collections collections.abc colorsys contextlib copy csv
    ctypes dataclasses datetime decimal dis encodings.ascii encodings.idna encodings.latin_1 encodings.utf_8
    enum fractions functools gc hashlib heapq html importlib.resources inspect io itertools json keyword
    linecache locale logging math numbers operator os pathlib pickle platform pprint queue random re
    reprlib resource select shutil signal statistics string struct sys tempfile textwrap threading time timeit
    token tokenize traceback types typing unicodedata unittest unittest.mock uuid warnings weakref zlib
""".split()

NUMPY = """
    numpy numpy.fft numpy.lib.format numpy.lib.stride_tricks numpy.linalg numpy.ma numpy.polynomial
    numpy.random numpy.testing numpy.typing
""".split()

TORCH = """
    torch torch.autograd torch.nn torch.nn.functional torch.nn.init torch.nn.utils torch.optim
    torch.optim.lr_scheduler torch.utils.data torch.distributions torch.testing torch.linalg torch.fft
""".split()


def load(runtime: str, libraries: Iterable[str]) -> dict[str, str]:
    """Import and exercise everything for ``runtime``; the versions of what was loaded."""
    names = [*STANDARD, *NUMPY, *(TORCH if runtime == "torch" else ()), *libraries]
    modules = {name: importlib.import_module(name) for name in names}
    _RUNTIMES[runtime](modules)
    if runtime == "torch":
        devices.replace_devices(modules["torch"])
    at_once.replace_workers()
    return {name: str(modules[name].__version__) for name in ("numpy", "torch") if name in modules}


def _numpy(modules: dict[str, Any]) -> None:
    np = modules["numpy"]
    rng = np.random.default_rng(0)
    a = rng.normal(size=(8, 8)) + 8 * np.eye(8)
    np.linalg.inv(a) @ np.linalg.svd(a)[0]
    np.linalg.eigh(a @ a.T), np.linalg.solve(a, a), np.linalg.norm(a)
    np.einsum("ij,jk->ik", a, a, optimize=True), np.fft.rfft(a), np.tanh(a.astype(np.float32))
    np.testing.assert_allclose(a, a)
    repr(a), a.astype(np.complex128), np.polynomial.Polynomial([1, 2])(a)
    np.random.RandomState(0).normal(size=3), rng.permutation(3)


def _torch(modules: dict[str, Any]) -> None:
    torch = modules["torch"]
    torch.set_num_threads(1)
    torch.set_num_interop_threads(1)
    functional = modules["torch.nn.functional"]
    for dtype in (torch.float32, torch.float64):
        _train_a_little(torch, functional, dtype)
    torch.linalg.svd(torch.eye(3)), torch.fft.rfft(torch.eye(3)), repr(torch.eye(3))
    modules["torch.testing"].assert_close(torch.eye(3), torch.eye(3))
    torch.einsum("ij,jk->ik", torch.eye(3), torch.eye(3))
    _numpy(modules)


def _train_a_little(torch: Any, functional: Any, dtype: Any) -> None:
    x = torch.randn(2, 3, 8, 8, dtype=dtype)
    conv = torch.nn.Conv2d(3, 4, 3, padding=1).to(dtype)
    norm = torch.nn.BatchNorm2d(4).to(dtype)
    up = torch.nn.ConvTranspose2d(4, 3, 3).to(dtype)
    dense = torch.nn.Linear(64, 5).to(dtype)
    parameters = [p for layer in (conv, norm, up, dense) for p in layer.parameters()]
    for optimizer in (torch.optim.Adam(parameters), torch.optim.SGD(parameters, lr=0.1, momentum=0.9)):
        y = functional.max_pool2d(torch.tanh(norm(conv(x))), 2).flatten(1)
        loss = functional.cross_entropy(dense(y), torch.tensor([0, 1]))
        loss = (
            loss + functional.mse_loss(torch.sigmoid(up(conv(x)))[..., :8, :8], x) + torch.softmax(y, 1).sum()
        )
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    (x.flatten(1) @ x.flatten(1).T).exp().log()


_RUNTIMES: dict[str, Callable[[dict[str, Any]], None]] = {"numpy": _numpy, "torch": _torch}
