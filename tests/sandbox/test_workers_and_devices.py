"""Code that uses workers, threads, event loops or a GPU on the student's server runs here, too."""

from __future__ import annotations

import json
import textwrap
from collections.abc import Iterator
from typing import Any

import pytest

from autograder.course import Limits
from autograder.inside.wire import NameRef
from autograder.sandbox import Sandbox, tiers
from autograder.student import Answer, Step
from autograder.student.session import Budget, Session
from autograder.student.subjects import RoomSubject

pytestmark = pytest.mark.sandbox
LIMITS = Limits(call_seconds=10, load_seconds=10, memory_mib=1024)

# What a function does, and what it gives on a machine that has workers.
WORKERS: dict[str, tuple[str, Any]] = {
    "a thread": (
        "import threading\nt = threading.Thread(target=out.append, args=(1,))\nt.start()\nt.join()\n"
        "return [out, t.is_alive()]",
        [[1], False],
    ),
    "a subclass of Thread": (
        "import threading\nclass T(threading.Thread):\n    def run(self):\n        out.append(2)\n"
        "t = T(daemon=True)\nt.start()\nt.join(timeout=3)\nreturn out",
        [2],
    ),
    "a thread that raises": (
        "import threading\nthreading.Thread(target=lambda: 1 / 0).start()\nreturn 'went on'",
        "went on",
    ),
    "a timer": (
        "import threading\nt = threading.Timer(9.0, out.append, (3,))\nt.start()\nt.join()\nreturn out",
        [3],
    ),
    "a pool of threads": (
        "from concurrent.futures import ThreadPoolExecutor\n"
        "with ThreadPoolExecutor(max_workers=4) as pool:\n    return list(pool.map(double, [1, 2, 3]))",
        [2, 4, 6],
    ),
    "futures": (
        "from concurrent.futures import ThreadPoolExecutor, as_completed\n"
        "pool = ThreadPoolExecutor()\nasked = [pool.submit(double, i) for i in range(3)]\n"
        "return sorted(f.result() for f in as_completed(asked))",
        [0, 2, 4],
    ),
    "a future that raises": (
        "import concurrent.futures as cf\nf = cf.ThreadPoolExecutor(1).submit(int, 'x')\n"
        "return type(f.exception()).__name__",
        "ValueError",
    ),
    "a pool of processes": (
        "from concurrent.futures import ProcessPoolExecutor\n"
        "with ProcessPoolExecutor(2) as pool:\n    return list(pool.map(double, range(3), chunksize=2))",
        [0, 2, 4],
    ),
    "multiprocessing": (
        "from multiprocessing import Pool\nwith Pool(2) as pool:\n    return pool.map(double, [1, 2])",
        [2, 4],
    ),
    "multiprocessing in a context": (
        "import multiprocessing as mp\nwith mp.get_context('spawn').Pool(2) as pool:\n"
        "    return pool.starmap(pow, [(2, 3), (3, 2)])",
        [8, 9],
    ),
    "results that come later": (
        "from multiprocessing.pool import ThreadPool\npool = ThreadPool(2)\n"
        "r = pool.apply_async(double, (4,), callback=out.append)\npool.close()\npool.join()\n"
        "return [r.get(timeout=1), r.ready(), r.successful(), out, list(pool.imap_unordered(double, [1]))]",
        [8, True, True, [8], [2]],
    ),
    "an initializer": (
        "import multiprocessing\npool = multiprocessing.Pool(2, initializer=out.append, initargs=(5,))\n"
        "return out",
        [5],
    ),
    "a process and a queue": (
        "import multiprocessing\nq = multiprocessing.Queue()\n"
        "p = multiprocessing.Process(target=q.put, args=(7,))\np.start()\np.join()\nreturn [q.get(), "
        "p.exitcode]",
        [7, 0],
    ),
    "asyncio": (
        "import asyncio\nasync def one(i):\n    await asyncio.sleep(0)\n    return 2 * i\n"
        "async def main():\n    return await asyncio.gather(one(1), one(2))\nreturn asyncio.run(main())",
        [2, 4],
    ),
    "asyncio in threads": (
        "import asyncio\nasync def main():\n    return await asyncio.to_thread(double, 4)\n"
        "return asyncio.run(main())",
        8,
    ),
    "an event loop": (
        "import asyncio\nloop = asyncio.new_event_loop()\n"
        "try:\n    return loop.run_until_complete(asyncio.sleep(0, 6))\nfinally:\n    loop.close()",
        6,
    ),
}
DEVICES: dict[str, tuple[str, Any]] = {
    "cuda": ("return x.cuda().tolist()", [1.0, 2.0]),
    "cuda with a number": ("return x.cuda(0, non_blocking=True).tolist()", [1.0, 2.0]),
    "to a device": (
        "return [x.to(d).tolist() for d in ('cuda', 'cuda:1', 'mps', 0, torch.device('cuda', 0))]",
        [[1.0, 2.0]] * 5,
    ),
    "to by name": ("return x.to(device='cuda', dtype=torch.int64).tolist()", [1, 2]),
    "to a type": (
        "return [x.to(torch.int32).tolist(), x.to(torch.zeros(1).double()).dtype == torch.float64]",
        [[1, 2], True],
    ),
    "a model": (
        "m = torch.nn.Linear(2, 1, bias=False).cuda()\nm.weight.data.fill_(3)\nreturn m(x.cuda()).tolist()",
        [9.0],
    ),
    "a model to": ("m = torch.nn.Linear(2, 1).to('mps')\nreturn next(m.parameters()).device.type", "cpu"),
    "a model to a number": ("return next(torch.nn.Linear(2, 1).to(0).parameters()).device.type", "cpu"),
    "a model made there": ("return torch.nn.Linear(2, 1, device='cuda').weight.device.type", "cpu"),
    "made there": ("return torch.zeros(2, device='cuda').tolist()", [0.0, 0.0]),
    "made there by a device": (
        "d = torch.device('cuda')\nreturn torch.tensor([4.0], device=d).tolist()",
        [4.0],
    ),
    "all that makes": (
        "k = {'device': 'cuda'}\nmade = [torch.ones(1, **k), torch.arange(2, **k), torch.eye(1, **k), "
        "torch.rand(1, **k), "
        "torch.randn(1, **k), torch.randint(3, (1,), **k), torch.randperm(2, **k), torch.full((1,), "
        "2.0, **k), "
        "torch.linspace(0, 1, 2, **k), torch.empty(1, **k), torch.as_tensor([1.0], **k), "
        "torch.zeros_like(x, **k), "
        "torch.rand_like(x, **k), x.new_zeros(1, **k), x.new_tensor([1.0], **k)]\n"
        "return sorted({each.device.type for each in made})",
        ["cpu"],
    ),
    "pinned memory": (
        "return [x.pin_memory().tolist(), torch.empty(1, pin_memory=True).shape[0]]",
        [[1.0, 2.0], 1],
    ),
    "a generator": (
        "g = torch.Generator(device='cuda').manual_seed(3)\nh = torch.Generator().manual_seed(3)\n"
        "left, right = torch.rand(2, generator=g, device='cuda'), torch.rand(2, generator=h)\n"
        "return [torch.equal(left, right), isinstance(g, torch.Generator)]",
        [True, True],
    ),
    "seeds": ("torch.cuda.manual_seed(1)\ntorch.cuda.manual_seed_all(1)\nreturn True", True),
    "autocast": (
        "with torch.autocast('cuda', dtype=torch.float16), torch.autocast(device_type='mps'):\n"
        "    return (x @ x).item()",
        5.0,
    ),
    "a gradient scaler": (
        "w = torch.ones(1, requires_grad=True)\no = torch.optim.SGD([w], 1.0)\n"
        "s = torch.amp.GradScaler('cuda')\n"
        "s.scale(2 * w).backward()\ns.step(o)\ns.update()\nreturn w.item()",
        -1.0,
    ),
    "a gradient scaler of old": ("return torch.cuda.amp.GradScaler().scale(x).tolist()", [1.0, 2.0]),
    "a default device": (
        "torch.set_default_device('cuda')\ntry:\n    return torch.zeros(1).device.type\nfinally:\n"
        "    torch.set_default_device(None)",
        "cpu",
    ),
    "a device as context": ("with torch.device('cuda'):\n    return torch.zeros(1).device.type", "cpu"),
    "a type of old": (
        "return [x.type(torch.cuda.FloatTensor).tolist(), x.type('torch.cuda.LongTensor').tolist()]",
        [[1.0, 2.0], [1, 2]],
    ),
    "a file": (
        "import io\nf = io.BytesIO()\ntorch.save({'x': x}, f)\nf.seek(0)\n"
        "return torch.load(f, map_location='cuda')['x'].tolist()",
        [1.0, 2.0],
    ),
    "a file to a device": (
        "import io\nf = io.BytesIO()\ntorch.save(x, f)\nf.seek(0)\nreturn torch.load(f, "
        "map_location=torch.device('cuda')).tolist()",
        [1.0, 2.0],
    ),
    "clocks": (
        "a, b = (torch.cuda.Event(enable_timing=True) for _ in 'ab')\na.record()\nb.record()\n"
        "torch.cuda.synchronize()\n"
        "return [a.elapsed_time(b) >= 0, torch.cuda.memory_allocated(), torch.cuda.current_device()]",
        [True, 0, 0],
    ),
    "streams": ("with torch.cuda.stream(torch.cuda.Stream()):\n    return x.sum().item()", 3.0),
    "what is asked is answered with the truth": (
        "return [torch.cuda.is_available(), torch.cuda.device_count()]",
        [False, 0],
    ),
    "what is moved is a copy": (
        "y = x.cuda()\ny += 1\nreturn [x.tolist(), y.tolist()]",
        [[1.0, 2.0], [2.0, 3.0]],
    ),
    "what is brought back is a copy": (
        "w = x.cuda()\nkept = [w.cpu(), w.to('cpu')]\nw += 1\nreturn [k.tolist() for k in kept]",
        [[1.0, 2.0], [1.0, 2.0]],
    ),
    "gradients go through a move": (
        "w = torch.ones(2, requires_grad=True)\n(w.cuda() * x.to('cuda')).sum().backward()\n"
        "return w.grad.tolist()",
        [1.0, 2.0],
    ),
    "a compiled model": ("f = torch.compile(lambda v: 2 * v)\nreturn f(x).tolist()", [2.0, 4.0]),
    "a compiled function": (
        "@torch.compile(mode='max-autotune')\ndef f(v):\n    return 2 * v\nreturn f(x).tolist()",
        [2.0, 4.0],
    ),
    "more threads": ("torch.set_num_threads(8)\nreturn [torch.get_num_threads(), (x @ x).item()]", [1, 5.0]),
    "several GPUs": (
        "return torch.nn.DataParallel(torch.nn.Identity()).cuda()(x.cuda()).tolist()",
        [1.0, 2.0],
    ),
    "a loader with workers": (
        "from torch.utils.data import DataLoader, TensorDataset\n"
        "loader = DataLoader(TensorDataset(x), batch_size=1, num_workers=2, pin_memory=True, "
        "persistent_workers=True, "
        "prefetch_factor=4, timeout=9)\nreturn [batch.tolist() for (batch,) in loader]",
        [[1.0], [2.0]],
    ),
    "a loader by position": (
        "from torch.utils.data import DataLoader\nreturn [b.tolist() for b in DataLoader(x, 2, False, "
        "None, None, 3)]",
        [[1.0, 2.0]],
    ),
    "a loader that shuffles": (
        "from torch.utils.data import DataLoader\nmade = lambda n: DataLoader(range(9), 3, "
        "shuffle=True, num_workers=n, "
        "generator=torch.Generator().manual_seed(1))\n"
        "return [b.tolist() for b in made(2)] == [b.tolist() for b in made(0)]",
        True,
    ),
}


def answers(zygote: Sandbox, head: str, bodies: dict[str, tuple[str, Any]]) -> dict[str, Answer]:
    """What each body gives, as a function of one submission."""
    head = f"import json\ndef as_text(g):\n    return lambda: json.dumps(g())\n{head}"
    functions = [
        f"@as_text\ndef f{number}():\n    out = []\n{textwrap.indent(body, '    ')}"
        for number, (body, _) in enumerate(bodies.values())
    ]
    cells = [
        {"id": None, "task": None, "source": text, "index": at} for at, text in enumerate([head, *functions])
    ]
    names = [f"f{number}" for number in range(len(functions))]
    with zygote.open({"cells": cells, "names": names, "libraries": ["numpy", "torch"]}) as room:
        subject = RoomSubject(room, LIMITS)
        session = Session(subject.connect(), Budget(len(names), float("inf")), LIMITS.call_seconds)
        came = session.ask(0, [Step("call", NameRef(name), (), label=name) for name in names])
        subject.close()
    return dict(zip(bodies, came, strict=True))


@pytest.fixture(scope="module", params=tiers.TIERS)
def of_numpy(request: pytest.FixtureRequest) -> Iterator[dict[str, Answer]]:
    with Sandbox.start(request.param, limits=LIMITS) as zygote:
        yield answers(zygote, "def double(x):\n    return 2 * x", WORKERS)


@pytest.fixture(scope="module", params=tiers.TIERS)
def of_torch(request: pytest.FixtureRequest) -> Iterator[dict[str, Answer]]:
    with Sandbox.start(request.param, "torch", limits=LIMITS) as zygote:
        yield answers(zygote, "import torch\nx = torch.tensor([1.0, 2.0])", DEVICES)


@pytest.mark.parametrize("what", WORKERS)
def test_workers_do_at_once_what_they_would_do(what: str, of_numpy: dict[str, Answer]) -> None:
    """There are no other processes and threads while grading; the results are the same."""
    answer = of_numpy[what]
    assert answer.claim is None, answer.claim
    assert json.loads(answer.value) == WORKERS[what][1]


@pytest.mark.parametrize("what", DEVICES)
def test_a_device_that_is_not_there_is_the_cpu(what: str, of_torch: dict[str, Answer]) -> None:
    """What runs on a GPU server runs here, with the same numbers."""
    answer = of_torch[what]
    assert answer.claim is None, answer.claim
    assert json.loads(answer.value) == DEVICES[what][1]
