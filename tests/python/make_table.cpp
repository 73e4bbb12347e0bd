// SPDX-License-Identifier: BSD-3-Clause
//
// make_table LIBRARY FASTEST FILE: a table that knows one gemm, the first layer of the article's network at
// batch 500 in double precision, whose fastest count for that OpenBLAS is so many threads.
#include <cstdlib>

#include "tests/client/loaded_blas.h"

int main(int count, char** words) {
  if (count != 4) return 2;
  const blastune::testing::LoadedBlas blas(words[1]);
  if (!blas.recognised()) return 1;
  blastune::testing::save({blastune::testing::make_table(blas.build(), std::atoi(words[2]))}, words[3]);
  return 0;
}
