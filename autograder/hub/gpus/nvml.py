"""How busy a process's own GPUs are, from NVIDIA's management library, as ``nvidia-smi`` reads it.

By ctypes, so that nothing has to be installed: the library comes with the driver. A process's *own* GPUs are
those that ``CUDA_VISIBLE_DEVICES`` shows it, read as CUDA reads it: numbers in the order of the PCI bus, or
beginnings of identifiers such as ``GPU-8f2`` and ``MIG-41c``; the first that does not exist ends the list.
"""

from __future__ import annotations

import ctypes
from collections.abc import Iterator
from dataclasses import dataclass

LIBRARY = "libnvidia-ml.so.1"
FINE, NOT_SUPPORTED = 0, 3  # of nvmlReturn_t
MIB = 1 << 20
LONGEST = 96  # bytes of an identifier (NVML_DEVICE_UUID_V2_BUFFER_SIZE)
IDENTIFIERS = ("GPU-", "MIG-")


class NvmlSilent(Exception):
    """The library is not there, or does not answer; the text says which call."""


@dataclass(frozen=True)
class GpuReading:
    """One GPU at one moment."""

    busy: int | None  # percent of the last second in which it computed; None where it does not say (MIG)
    used_mib: int
    total_mib: int


class _Utilization(ctypes.Structure):  # nvmlUtilization_t
    _fields_ = (("gpu", ctypes.c_uint), ("memory", ctypes.c_uint))


class _Memory(ctypes.Structure):  # nvmlMemory_t, in bytes
    _fields_ = (("total", ctypes.c_ulonglong), ("free", ctypes.c_ulonglong), ("used", ctypes.c_ulonglong))


class Nvml:
    """The library, opened once: without persistence mode each opening wakes the driver for a second."""

    def __init__(self, library: str = LIBRARY) -> None:
        """Open it.

        Raises:
            NvmlSilent: there is none, or it finds no driver.
        """
        try:
            self._library = ctypes.CDLL(library)
        except OSError as error:
            raise NvmlSilent(f"{library}: {error}") from error
        self._call("nvmlInit_v2")

    def close(self) -> None:
        """Let the library go."""
        self._call("nvmlShutdown")

    def readings(self, visible: str | None) -> list[GpuReading]:
        """The process's own GPUs now, in its order.

        Args:
            visible: ``CUDA_VISIBLE_DEVICES``; None where it is not set, which shows all.

        Raises:
            NvmlSilent: a device does not answer.
        """
        return [self._reading(handle) for handle in self._own(visible)]

    def _own(self, visible: str | None) -> Iterator[ctypes.c_void_p]:
        numbered = [self._by_index(number) for number in range(self._count())]
        if visible is None:
            yield from numbered
            return
        for word in map(str.strip, visible.split(",")):
            handle = self._by_name(word, numbered) if word.startswith(IDENTIFIERS) else _nth(word, numbered)
            if handle is None:
                return
            yield handle

    def _count(self) -> int:
        count = ctypes.c_uint()
        self._call("nvmlDeviceGetCount_v2", ctypes.byref(count))
        return count.value

    def _by_index(self, number: int) -> ctypes.c_void_p:
        handle = ctypes.c_void_p()
        self._call("nvmlDeviceGetHandleByIndex_v2", ctypes.c_uint(number), ctypes.byref(handle))
        return handle

    def _by_name(self, word: str, numbered: list[ctypes.c_void_p]) -> ctypes.c_void_p | None:
        """A whole identifier, or a beginning that one GPU has; None where there is no such device."""
        handle = ctypes.c_void_p()
        whole = self._library.nvmlDeviceGetHandleByUUID(word.encode(), ctypes.byref(handle)) == FINE
        if whole:
            return handle
        begin_so = [each for each in numbered if self._name(each).startswith(word)]
        return begin_so[0] if len(begin_so) == 1 else None

    def _name(self, handle: ctypes.c_void_p) -> str:
        text = ctypes.create_string_buffer(LONGEST)
        self._call("nvmlDeviceGetUUID", handle, text, ctypes.c_uint(LONGEST))
        return text.value.decode(errors="replace")

    def _reading(self, handle: ctypes.c_void_p) -> GpuReading:
        memory, use = _Memory(), _Utilization()
        self._call("nvmlDeviceGetMemoryInfo", handle, ctypes.byref(memory))
        known = self._call("nvmlDeviceGetUtilizationRates", handle, ctypes.byref(use), also=NOT_SUPPORTED)
        busy = use.gpu if known == FINE else None
        return GpuReading(busy, memory.used // MIB, memory.total // MIB)

    def _call(self, name: str, *arguments: object, also: int = FINE) -> int:
        """One of its functions; what it returned, which is "fine" or ``also``."""
        try:
            returned = int(getattr(self._library, name)(*arguments))
        except AttributeError as error:
            raise NvmlSilent(f"{LIBRARY} has no {name}: its driver is too old") from error
        if returned not in (FINE, also):
            raise NvmlSilent(f"{name} returned {returned}")
        return returned


def _nth(word: str, numbered: list[ctypes.c_void_p]) -> ctypes.c_void_p | None:
    return numbered[int(word)] if word.isdigit() and int(word) < len(numbered) else None
