# SPDX-License-Identifier: BSD-3-Clause
"""Which multiply the library is given for what Python writes. Pure."""

from __future__ import annotations

from typing import Any, NamedTuple, Sequence, Union

from blastune._client import DTYPES

NO_TRANS, TRANS, CONJ_TRANS = 0, 1, 2
LARGEST_SIZE = 2**31 - 1
TRANSPOSES = {"N": NO_TRANS, "T": TRANS, "C": CONJ_TRANS}
# By the character codes that NumPy and the buffer protocol use.
NAMES = {"float32": "f32", "float64": "f64", "complex64": "c64", "complex128": "c128", "f4": "f32", "f8": "f64",
         "c8": "c64", "c16": "c128"}

Operand = Union[Sequence[int], Any]


class Gemm(NamedTuple):
    """C (m x n) = op(A) (m x k) * op(B) (k x n), by column, as a BLAS sees it."""

    dtype: int
    trans_a: int
    trans_b: int
    m: int
    n: int
    k: int


def dtype_code(dtype: Any) -> int:
    """Of "f64", "float64", numpy.float64 or an array's dtype."""
    name = getattr(dtype, "name", None) or getattr(dtype, "__name__", None) or str(dtype)
    short = NAMES.get(name, name)
    if short not in DTYPES:
        raise ValueError(f"{name!r} is not one of {', '.join(DTYPES)}")
    return DTYPES[short]


def size(what: str, value: Any) -> int:
    # As numpy's integers do, and floats do not.
    number = value.__index__() if hasattr(value, "__index__") else None
    if number is None or not 1 <= number <= LARGEST_SIZE:
        raise ValueError(f"{what} is {value!r}; it must be an integer from 1 to {LARGEST_SIZE}")
    return int(number)


def gemm(m: int, n: int, k: int, dtype: Any = "f64", transpose: str = "NN") -> Gemm:
    if len(transpose) != 2 or any(letter not in TRANSPOSES for letter in transpose):
        raise ValueError(f"transpose is {transpose!r}; it must be two letters of N, T and C")
    return Gemm(dtype_code(dtype), TRANSPOSES[transpose[0]], TRANSPOSES[transpose[1]], size("m", m), size("n", n),
                size("k", k))


def layer(m: int, n: int, batch: int, dtype: Any = "f64") -> Gemm:
    """The forward pass of a dense layer of m inputs and n outputs, samples in rows, all matrices by row."""
    # X (batch x m) W (m x n) by row is W^T X^T by column.
    return Gemm(dtype_code(dtype), NO_TRANS, NO_TRANS, size("n", n), size("batch", batch), size("m", m))


def shape_of(operand: Operand) -> Sequence[int]:
    shape = tuple(getattr(operand, "shape", operand))
    if len(shape) < 2:
        raise ValueError(f"an operand of shape {shape} is no matrix")
    return shape[-2:]


def is_transposed(operand: Operand) -> bool:
    """Whether NumPy hands it to the BLAS as the transposed of what lies in memory."""
    flags = getattr(operand, "flags", None)
    return flags is not None and bool(flags.f_contiguous) and not bool(flags.c_contiguous)


def matmul(a: Operand, b: Operand, dtype: Any = None) -> Gemm:
    """`a @ b` of NumPy: arrays, or their shapes."""
    (m, inner), (k, n) = shape_of(a), shape_of(b)
    if inner != k:
        raise ValueError(f"shapes {shape_of(a)} and {shape_of(b)} cannot be multiplied")
    if dtype is None:
        dtype = getattr(a, "dtype", "f64")
    # By row, so the operands change places.
    return Gemm(dtype_code(dtype), TRANS if is_transposed(b) else NO_TRANS, TRANS if is_transposed(a) else NO_TRANS,
                size("columns", n), size("rows", m), size("inner size", k))
