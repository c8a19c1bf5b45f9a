"""What a document costs on the way from the form field to the answer: CPU, and memory at its peak."""

import ctypes
import gc
import re
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from sso.errors import SSOError

STATUS = Path("/proc/self/status")
CLEAR_REFS = Path("/proc/self/clear_refs")
RESET_PEAK = "5"
ROUNDS = 3


@dataclass(frozen=True, slots=True)
class Cost:
    """CPU of this thread, the best of three; resident memory at the peak, above what there was before.

    `memory_mib` is None where only Linux with glibc could tell. `code` is "" for a document that was let in.
    """

    cpu_milliseconds: float
    memory_mib: float | None
    code: str


def cost_of(judge: Callable[[], object]) -> Cost:
    """Judge the same document several times, first of all to have what processes keep: schemas, keys, settings."""
    code = code_of(judge)
    return Cost(
        cpu_milliseconds=min(_cpu_seconds(judge) for _ in range(ROUNDS)) * 1000,
        memory_mib=_memory_mib(judge),
        code=code,
    )


def code_of(judge: Callable[[], object]) -> str:
    """The reason of the refusal; "" where there is none."""
    try:
        judge()
    except SSOError as error:
        return error.code
    return ""


def _cpu_seconds(judge: Callable[[], object]) -> float:
    """Without what the collector spends on everything else that a test run keeps."""
    gc.freeze()
    try:
        began = time.thread_time()
        code_of(judge)
        return time.thread_time() - began
    finally:
        gc.unfreeze()


def _memory_mib(judge: Callable[[], object]) -> float | None:
    """By a peak that is set back, after what earlier documents left behind was given back."""
    trim = getattr(ctypes.CDLL(None), "malloc_trim", None)
    if trim is None or not CLEAR_REFS.exists():
        return None
    gc.collect()
    trim(0)
    CLEAR_REFS.write_text(RESET_PEAK)
    before = _kib("VmRSS")
    code_of(judge)
    return (_kib("VmHWM") - before) / 1024


def _kib(field: str) -> int:
    found = re.search(rf"^{field}:\s+(\d+) kB", STATUS.read_text(), re.MULTILINE)
    assert found is not None, field
    return int(found[1])
