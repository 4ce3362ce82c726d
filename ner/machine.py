"""The machine that a number was measured on, and how many of its cores we may use."""

from __future__ import annotations

import os
import platform
from dataclasses import dataclass
from functools import cache
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

import psutil

from ner.stats import count_of

# What decides how fast INT8 runs, best first; names as in /proc/cpuinfo.
_VECTOR_FLAGS = {
    "amx_int8": "AMX-INT8",
    "amx_bf16": "AMX-BF16",
    "avx512_vnni": "AVX512-VNNI",
    "avx_vnni": "AVX-VNNI",
    "avx512_bf16": "AVX512-BF16",
    "avx512f": "AVX512",
    "avx2": "AVX2",
}
_PACKAGES = ("openvino", "tokenizers", "numpy", "nncf", "optimum-intel", "transformers", "torch")


@dataclass(frozen=True, slots=True)
class Machine:
    """Where something ran. ``cores`` are those that this process may use, quota included."""

    cpu: str
    vector_extensions: tuple[str, ...]
    cores: int
    memory_bytes: int
    system: str
    python: str
    versions: dict[str, str]

    @property
    def lacks_int8(self) -> bool:
        """Whether INT8 takes several steps: its instructions are known, and VNNI is none of them.

        Nothing is said of processors whose instructions are not known.
        """
        known = set(self.vector_extensions)
        return bool(known) and not known & {"AVX512-VNNI", "AVX-VNNI", "AMX-INT8"}

    @property
    def summary(self) -> str:
        """One line for beside a number."""
        extensions = ", ".join(self.vector_extensions) or "no known vector extensions"
        return f"{self.cpu} · {extensions} · {count_of(self.cores, 'core')}"


@cache
def describe() -> Machine:
    """This machine, from the operating system's own records; imports no measured library."""
    cpuinfo = _cpuinfo()
    flags = set(cpuinfo.get("flags", "").split())
    return Machine(
        cpu=cpuinfo.get("model name") or platform.processor() or platform.machine(),
        vector_extensions=tuple(name for flag, name in _VECTOR_FLAGS.items() if flag in flags),
        cores=usable_cores(),
        memory_bytes=psutil.virtual_memory().total,
        system=f"{platform.system()} {platform.release()}",
        python=platform.python_version(),
        versions=package_versions(_PACKAGES),
    )


_version = cache(version)


def package_versions(names: tuple[str, ...]) -> dict[str, str]:
    """The installed versions of ``names``, from metadata, without importing them."""
    found = {}
    for name in names:
        try:
            found[name] = _version(name)
        except PackageNotFoundError:
            continue
    return found


def usable_cores(cgroup: Path = Path("/sys/fs/cgroup")) -> int:
    """Cores that may run this process: its affinity, cut to the container's quota (cgroup v2, v1).

    OpenVINO sizes its pool from the visible cores and not from the quota, which throttles it. Fewer
    are used where OMP_NUM_THREADS says so, as Spark does for the cores of a task.
    """
    affinity = getattr(os, "sched_getaffinity", None)
    cores = len(affinity(0)) if affinity else (os.cpu_count() or 1)
    quota = _cpu_quota(cgroup)
    wanted = os.environ.get("OMP_NUM_THREADS", "")
    if wanted.isdecimal():
        cores = min(cores, int(wanted))
    return max(1, min(cores, round(quota)) if quota else cores)


def _cpu_quota(cgroup: Path) -> float | None:
    """Whole cores' worth of quota, or None without one."""
    try:
        limit, period = (cgroup / "cpu.max").read_text().split()
    except (OSError, ValueError):
        try:
            limit = (cgroup / "cpu/cpu.cfs_quota_us").read_text().strip()
            period = (cgroup / "cpu/cpu.cfs_period_us").read_text().strip()
        except OSError:
            return None
    if limit in ("max", "-1"):
        return None
    return int(limit) / int(period)


def _cpuinfo() -> dict[str, str]:
    """The first processor's entry of /proc/cpuinfo; empty where there is none."""
    try:
        first = Path("/proc/cpuinfo").read_text().split("\n\n", 1)[0]
    except OSError:
        return {}
    pairs = (line.partition(":") for line in first.splitlines())
    return {key.strip(): value.strip() for key, _, value in pairs}


def peak_bytes(pid: int | None = None) -> int | None:
    """The most memory that a process (default: this one) has held so far: VmHWM of proc(5).

    Not getrusage's ``ru_maxrss``, which a new process inherits from the one that started it. None
    where the system does not tell.
    """
    try:
        status = Path(f"/proc/{pid or 'self'}/status").read_text(encoding="utf-8")
    except OSError:
        return None
    return int(status.partition("VmHWM:")[2].split()[0]) * 1024
