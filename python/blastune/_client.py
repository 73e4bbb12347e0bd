# SPDX-License-Identifier: BSD-3-Clause
"""libblastune-client as Python sees it: found, loaded once, its functions with their types. blastune/blastune.h is the
manual of what they do."""

from __future__ import annotations

import ctypes
import os
import pathlib
import sys
from typing import Iterator

API_VERSION = 1
LIBRARY = "libblastune-client.so.0"
DTYPES = {"f32": 0, "f64": 1, "c64": 2, "c128": 3}
REASONS = ("ready", "disabled", "no_table", "bad_table", "foreign_machine", "foreign_build", "no_openblas",
           "several_openblas", "failed")


class Scope(ctypes.Structure):
    """blastune_scope; all zero when there is nothing to undo."""

    _fields_ = [("opaque", ctypes.c_uint64 * 2)]


class StatusInfo(ctypes.Structure):
    """blastune_status_info of version 1."""

    _fields_ = [("size", ctypes.c_uint32), ("reason", ctypes.c_int32), ("generation", ctypes.c_uint64),
                ("measured_unix", ctypes.c_int64), ("curves", ctypes.c_int64), ("builds", ctypes.c_int32),
                ("usable", ctypes.c_int32), ("limit", ctypes.c_int32), ("applies", ctypes.c_int32),
                ("table", ctypes.c_char * 1024), ("build", ctypes.c_char * 256), ("message", ctypes.c_char * 512)]


def places() -> Iterator[str]:
    """Where the library may be: what $BLASTUNE_CLIENT_LIBRARY names and nothing else, else the prefix that this package
    is installed in, else where the loader looks."""
    named = os.environ.get("BLASTUNE_CLIENT_LIBRARY")
    if named:
        yield named
        return
    # PREFIX/lib/python3*/dist-packages/blastune/_client.py
    lib = pathlib.Path(__file__).resolve().parents[3]
    for directory in (lib, lib / f"{os.uname().machine}-linux-gnu", pathlib.Path(sys.prefix, "lib")):
        path = directory / LIBRARY
        if path.is_file():
            yield str(path)
    yield LIBRARY


def load() -> ctypes.CDLL:
    """Raises OSError that says where it was looked for."""
    failures = []
    for place in places():
        try:
            library = ctypes.CDLL(place)
        except OSError as error:
            failures.append(str(error))
            continue
        declare(library)
        return library
    raise OSError(f"blastune's client library cannot be loaded ({'; '.join(failures)}); install it (Debian: "
                  "libblastune-client0), or name it with BLASTUNE_CLIENT_LIBRARY")


def declare(library: ctypes.CDLL) -> None:
    gemm = [ctypes.c_int32, ctypes.c_int32, ctypes.c_int32, ctypes.c_int64, ctypes.c_int64, ctypes.c_int64]
    types = {
        "blastune_api_version": ([], ctypes.c_int),
        "blastune_recommend_gemm": (gemm, ctypes.c_int),
        "blastune_recommend_layer": ([ctypes.c_int32, ctypes.c_int64, ctypes.c_int64, ctypes.c_int64], ctypes.c_int),
        "blastune_enter_gemm": (gemm, Scope),
        "blastune_leave": ([Scope], None),
        "blastune_reload": ([], ctypes.c_int),
        "blastune_status": ([ctypes.POINTER(StatusInfo)], ctypes.c_int),
    }
    for name, (arguments, result) in types.items():
        function = getattr(library, name)
        function.argtypes = arguments
        function.restype = result
