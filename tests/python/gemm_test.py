# SPDX-License-Identifier: BSD-3-Clause
"""Which multiply is asked for: no library, no NumPy."""

import types
import unittest

from blastune import _gemm
from blastune._gemm import NO_TRANS, TRANS, CONJ_TRANS, Gemm


def array(shape, dtype="float64", by_column=False):
    flags = types.SimpleNamespace(f_contiguous=by_column, c_contiguous=not by_column)
    return types.SimpleNamespace(shape=shape, dtype=types.SimpleNamespace(name=dtype), flags=flags)


class GemmTest(unittest.TestCase):
    def test_a_gemm_is_as_it_is(self):
        self.assertEqual(_gemm.gemm(1, 2, 3, "f32", "TC"), Gemm(0, TRANS, CONJ_TRANS, 1, 2, 3))

    def test_a_layer_by_row_is_its_transposed_by_column(self):
        self.assertEqual(_gemm.layer(784, 100, 500), Gemm(1, NO_TRANS, NO_TRANS, 100, 500, 784))

    def test_operands_by_row_change_places(self):
        self.assertEqual(_gemm.matmul((500, 784), (784, 100)), Gemm(1, NO_TRANS, NO_TRANS, 100, 500, 784))
        self.assertEqual(_gemm.matmul(array((3, 4), "float32"), array((4, 5), "float32", by_column=True)),
                         Gemm(0, TRANS, NO_TRANS, 5, 3, 4))
        self.assertEqual(_gemm.matmul(array((3, 4), "complex128", by_column=True), array((4, 5), "complex128")),
                         Gemm(3, NO_TRANS, TRANS, 5, 3, 4))

    def test_a_stack_of_matrices_is_multiplied_one_by_one(self):
        self.assertEqual(_gemm.matmul((7, 3, 4), (7, 4, 5)), _gemm.matmul((3, 4), (4, 5)))

    def test_dtypes_by_all_their_names(self):
        for names in (("f32", "float32", "f4"), ("f64", "float64", "f8"), ("c64", "complex64", "c8"),
                      ("c128", "complex128", "c16")):
            self.assertEqual(len({_gemm.dtype_code(name) for name in names}), 1)
        self.assertEqual(_gemm.dtype_code(type("float64", (), {})), 1)
        for wrong in ("int64", "", None, "f16"):
            with self.assertRaisesRegex(ValueError, "f32, f64, c64, c128"):
                _gemm.dtype_code(wrong)

    def test_what_is_no_multiply_is_told(self):
        for wrong in (0, -1, 2**31, 1.0, "3", None):
            with self.assertRaisesRegex(ValueError, "from 1 to 2147483647"):
                _gemm.gemm(wrong, 2, 3)
        for wrong in ("", "N", "NNN", "NX", "nn"):
            with self.assertRaisesRegex(ValueError, "two letters"):
                _gemm.gemm(1, 2, 3, transpose=wrong)
        with self.assertRaisesRegex(ValueError, "cannot be multiplied"):
            _gemm.matmul((3, 4), (5, 6))
        with self.assertRaisesRegex(ValueError, "is no matrix"):
            _gemm.matmul((3,), (3, 4))


if __name__ == "__main__":
    unittest.main()
