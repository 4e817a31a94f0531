"""Submissions that do harm rather than steal: what they do, and what has to come of it.

Each defines ``attack()``. ``answer`` is a regular expression for what the judge
gets: the value returned, "ExceptionClass: message" or "VERDICT: how it ended".
"""

from __future__ import annotations

from dataclasses import dataclass
from textwrap import dedent

HEAD = "import ctypes, json, mmap, os, signal, struct, sys, time\nimport numpy as np\n"


@dataclass(frozen=True)
class Hostile:
    """One harmful submission."""

    name: str
    code: str
    answer: str
    seconds: float = 5.0  # how long the judge waits

    @property
    def source(self) -> str:
        return HEAD + dedent(self.code)


def machine_code(code: str) -> str:
    """Source that runs x86-64 machine code and returns what it leaves in eax."""
    return f"""
def attack():
    page = mmap.mmap(-1, 4096, prot=mmap.PROT_READ | mmap.PROT_WRITE | mmap.PROT_EXEC)
    page.write(bytes.fromhex("{code}"))
    address = ctypes.addressof(ctypes.c_char.from_buffer(page))
    return ctypes.CFUNCTYPE(ctypes.c_int)(address)()
"""


REFUSED = r"returned (0|-1|False|None)$"

HOSTILE = (
    Hostile(
        "fork_bomb",
        """
        def attack():
            started = 0
            for _ in range(1000):
                try:
                    if os.fork() == 0:
                        time.sleep(60)
                    started += 1
                except OSError:
                    pass
            return started
        """,
        REFUSED,
    ),
    Hostile(
        "thread_bomb",
        """
        def attack():
            import _thread
            started = 0
            for _ in range(1000):
                try:
                    _thread.start_new_thread(time.sleep, (60,))
                    started += 1
                except RuntimeError:
                    pass
            return started
        """,
        REFUSED,
    ),
    Hostile("memory_at_once", "def attack():\n    return np.ones(1 << 33).sum()", "MemoryError"),
    Hostile(
        "memory_in_steps",
        """
        def attack():
            kept = []
            while True:
                kept.append(bytearray(1 << 22))
        """,
        "MemoryError",
    ),
    Hostile(
        "memory_in_maps",
        """
        def attack():
            kept = []
            while True:
                kept.append(mmap.mmap(-1, 1 << 24))
                kept[-1].write(b"x" * (1 << 24))
        """,
        "OSError|MemoryError",
    ),
    Hostile(
        "stack_overflow",
        """
        def attack():
            sys.setrecursionlimit(1 << 30)
            deep = []
            for _ in range(1 << 20):
                deep = [deep]
            return len(repr(deep))
        """,
        "CRASHED: .*recursion|MemoryError",
    ),
    Hostile("recursion", "def attack():\n    return attack()", "RecursionError"),
    Hostile(
        "recursion_unlimited",
        "def attack():\n    sys.setrecursionlimit(1 << 30)\n    return attack()",
        "MemoryError|CRASHED|RecursionError|SystemError|TIMEOUT",
    ),
    Hostile(
        "print_flood",
        """
        def attack():
            end = time.monotonic() + 0.5
            while time.monotonic() < end:
                print("flood" * 1000)
            return 0
        """,
        REFUSED,
    ),
    Hostile(
        "native_output_flood",
        """
        def attack():
            try:
                while True:
                    os.write(1, b"x" * (1 << 16))
            except OSError:
                return 0
        """,
        REFUSED,
    ),
    Hostile(
        "one_large_file",
        """
        def attack():
            written = 0
            try:
                with open("flood", "wb", buffering=0) as file:
                    while True:
                        written += file.write(b"x" * (1 << 20))
            except OSError:
                return written > 4 << 20
        """,
        REFUSED,
    ),
    Hostile(
        "many_files",
        """
        def attack():
            written = 0
            try:
                while True:
                    with open(f"flood-{written}", "wb") as file:
                        file.write(b"x")
                    written += 1
            except OSError:
                return written > 2000
        """,
        REFUSED,
    ),
    Hostile("loop", "def attack():\n    while True: pass", "TIMEOUT: .*no answer", seconds=0.5),
    Hostile(
        "loop_that_ignores_signals",
        """
        def attack():
            for number in range(1, 65):
                try:
                    signal.signal(number, signal.SIG_IGN)
                except (OSError, ValueError):
                    pass
            while True:
                try:
                    while True: pass
                except BaseException:
                    pass
        """,
        "TIMEOUT: .*no answer",
        seconds=0.5,
    ),
    Hostile("processor_time", "def attack():\n    while True: pass", r"TIMEOUT: .*CPU", seconds=20),
    Hostile("sleep", "def attack():\n    time.sleep(600)", "TIMEOUT: .*no answer", seconds=0.5),
    Hostile(
        "stop_oneself",
        "def attack():\n    os.kill(os.getpid(), signal.SIGSTOP)",
        "TIMEOUT: .*no answer",
        seconds=0.5,
    ),
    Hostile("os_exit", "def attack():\n    os._exit(0)", r"CRASHED: .*os\._exit or sys\.exit$"),
    Hostile("forged_status", "def attack():\n    os._exit(137)", r"CRASHED: .*os\._exit or sys\.exit$"),
    Hostile("sys_exit", "def attack():\n    sys.exit(0)", "SystemExit"),
    Hostile("segmentation_fault", "def attack():\n    return ctypes.string_at(1)", "CRASHED: .*segmentation"),
    Hostile("abort", "def attack():\n    os.abort()", "CRASHED: .*SIGABRT"),
    Hostile("kill_oneself", "def attack():\n    os.kill(os.getpid(), 9)", "(MEMORY|CRASHED): "),
    Hostile("cut_connection", "def attack():\n    os.close(3)\n    time.sleep(600)", "CRASHED: .*connection"),
    Hostile("giant_reply", "def attack():\n    return np.zeros(10 << 20)", "MemoryError"),
    Hostile(
        "reply_flood",
        """
        def attack():
            os.write(3, struct.pack(">II", 0xFFFFFFFF, 0xFFFFFFFF))
            while True:
                os.write(3, b"x" * (1 << 16))
        """,
        "CRASHED|TIMEOUT",
    ),
    Hostile(
        "rubbish_reply", 'def attack():\n    os.write(3, b"rubbish" * 100)', "CRASHED|TIMEOUT", seconds=1
    ),
    Hostile(
        "patched_json",
        'def attack():\n    json.dumps = lambda *a, **k: "[1, 2"\n    return 1',
        "returned 1|CRASHED|TIMEOUT",  # the host made its encoder before the student came
        seconds=1,
    ),
    Hostile(
        "patched_host",
        """
        def attack():
            for module in list(sys.modules.values()):
                for name in list(vars(module)):
                    if name in ("serve", "send", "receive", "compile_program"):
                        setattr(module, name, None)
            return 1
        """,
        r"CRASHED: .*os\._exit or sys\.exit$",
    ),
    Hostile(
        "forged_replies",
        """
        def attack():
            text = json.dumps({"k": "some", "replies": [7], "z": []}).encode()
            os.write(3, struct.pack(">II", len(text), 0) + text)
            return 1
        """,
        r"CRASHED: ",
    ),
    Hostile(
        "array_subclass",
        """
        class Always(np.ndarray):
            def __eq__(self, other): return True
        def attack():
            return np.zeros(3).view(Always)
        """,
        r"returned {'h': 'Always'}$",
    ),
    Hostile("machine_code_socket", machine_code("b829000000bf02000000be0100000031d20f05c3"), r"returned -1$"),
    Hostile("machine_code_exec", machine_code("b83b00000031ff31f631d20f05c3"), r"returned -1$"),
    Hostile("machine_code_32_bit", machine_code("b814000000cd80c3"), "CRASHED: .*forbidden"),
    Hostile("x32_calls", machine_code("b827000040" + "0f05c3"), "CRASHED: .*forbidden|returned -(1|38)$"),
)
