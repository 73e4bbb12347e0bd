// SPDX-License-Identifier: BSD-3-Clause
//
// Whose LAPACK a function is. OpenBLAS's is either within its own file or, as Debian splits it, in a library
// that calls OpenBLAS's internal functions. Any other calls BLAS by its names, and is left to those.
#pragma once

namespace blastune {

// An address within the OpenBLAS whose threads that function of a LAPACK library of its own uses; null where
// it is no such library. Takes the loader's lock.
const void* openblas_behind(const void* lapack_function) noexcept;

}  // namespace blastune
