# SPDX-License-Identifier: BSD-3-Clause
"""How many threads OpenBLAS should use for a matrix multiply, as measured on this machine, and multiplies that use it.

    import blastune, numpy

    blastune.recommend(m=784, n=100, batch=500)      # threads for a dense layer, or None: no opinion

    with blastune.matmul(a, b):                      # a @ b runs with the best count; afterwards it is what it was
        c = a @ b

    @blastune.layer(m=784, n=100, batch=500)
    def forward(x):
        return x @ weights

    blastune.info()                                  # the table, the OpenBLAS, why there is no opinion

No opinion means that nothing is done: no table for this machine and this OpenBLAS (run `blastune tune`), several OpenBLAS
in the process, or BLASTUNE_DISABLE. No limit is ever raised that you set: OPENBLAS_NUM_THREADS, threadpoolctl, affinity,
control groups. OpenBLAS has one count a process (an OpenMP build one a thread), so a block sets it for all threads that
multiply meanwhile; blocks that overlap agree on one. A block costs some microseconds, which small multiplies do not earn:
`blastune run -- python3 program.py` does the same for every multiply of a program as it is, at a fraction of that.
"""

from __future__ import annotations

import contextlib
import ctypes
import datetime
import threading
from typing import Any, Optional

from blastune import _client, _gemm

__version__ = "0.1.0"
__all__ = ["gemm", "info", "layer", "matmul", "recommend", "recommend_gemm", "recommend_matmul", "reload", "Block"]

_lock = threading.Lock()
_library: Optional[ctypes.CDLL] = None


def _get() -> ctypes.CDLL:
    global _library  # pylint: disable=global-statement
    if _library is None:
        with _lock:
            if _library is None:
                _library = _client.load()
    return _library


class Block(contextlib.ContextDecorator):
    """A `with` block, or a function's decorator, that runs with the best count for one multiply. It may be used again, and
    inside itself; a thread leaves what it has entered, in opposite order, as `with` sees to, exceptions or not."""

    def __init__(self, gemm_of_block: _gemm.Gemm):
        self.gemm = gemm_of_block
        self._entered = threading.local()

    def __enter__(self) -> "Block":
        scopes = self._entered.__dict__.setdefault("scopes", [])
        scopes.append(_get().blastune_enter_gemm(*self.gemm))
        return self

    def __exit__(self, *_: object) -> None:
        _get().blastune_leave(self._entered.scopes.pop())

    @property
    def threads(self) -> Optional[int]:
        """What is advised, now; None: no opinion."""
        return _get().blastune_recommend_gemm(*self.gemm) or None

    def __repr__(self) -> str:
        return f"<blastune block for {self.gemm}>"


def gemm(m: int, n: int, k: int, dtype: Any = "f64", transpose: str = "NN") -> Block:
    """For C (m x n) = op(A) (m x k) * op(B) (k x n) by column; transpose: two letters of N, T and C."""
    return Block(_gemm.gemm(m, n, k, dtype, transpose))


def layer(m: int, n: int, batch: int, dtype: Any = "f64") -> Block:
    """For the forward pass of a dense layer of m inputs and n outputs, samples in rows as NumPy stores them."""
    return Block(_gemm.layer(m, n, batch, dtype))


def matmul(a: Any, b: Any, dtype: Any = None) -> Block:
    """For `a @ b`: two arrays, or their shapes and a dtype."""
    return Block(_gemm.matmul(a, b, dtype))


def recommend(m: int, n: int, batch: int, dtype: Any = "f64") -> Optional[int]:
    """Threads for layer(...); None: no opinion."""
    return layer(m, n, batch, dtype).threads


def recommend_gemm(m: int, n: int, k: int, dtype: Any = "f64", transpose: str = "NN") -> Optional[int]:
    """Threads for gemm(...); None: no opinion."""
    return gemm(m, n, k, dtype, transpose).threads


def recommend_matmul(a: Any, b: Any, dtype: Any = None) -> Optional[int]:
    """Threads for `a @ b`; None: no opinion."""
    return matmul(a, b, dtype).threads


def reload() -> bool:
    """Looks now, and not within a second, for a changed table and newly loaded libraries. Whether there are opinions."""
    return _get().blastune_reload() == 0


def info() -> dict:
    """What is known and done, with keys that stay: reason ("ready", or why there is no opinion), message, table, build,
    curves, measured (ISO 8601, or None), builds, usable, limit, applies, generation, version."""
    status = _client.StatusInfo()
    status.size = ctypes.sizeof(status)
    _get().blastune_status(ctypes.byref(status))
    known = 0 <= status.reason < len(_client.REASONS)
    measured = None
    if status.measured_unix:
        measured = datetime.datetime.fromtimestamp(status.measured_unix, datetime.timezone.utc).isoformat()
    return {
        "version": __version__,
        "reason": _client.REASONS[status.reason] if known else str(status.reason),
        "message": status.message.decode("utf-8", "replace"),
        "table": status.table.decode("utf-8", "replace") or None,
        "build": status.build.decode("utf-8", "replace") or None,
        "curves": status.curves,
        "measured": measured,
        "builds": status.builds,
        "usable": status.usable,
        "limit": status.limit,
        "applies": bool(status.applies),
        "generation": status.generation,
    }
