// SPDX-License-Identifier: BSD-3-Clause
#include "model/gemm.h"

#include <gtest/gtest.h>

#include <limits>

namespace blastune {
namespace {

TEST(Gemm, DimensionsOutsideTheRangeAreUsageErrorsThatNameTheSize) {
  for (const std::int64_t bad :
       {std::int64_t{0}, std::int64_t{-1}, max_dimension + 1, std::numeric_limits<std::int64_t>::max(),
        std::numeric_limits<std::int64_t>::min()}) {
    for (int place = 0; place < 3; ++place) {
      Gemm gemm{DType::f64, Transpose::none, Transpose::none, 2, 3, 4};
      (place == 0 ? gemm.m : place == 1 ? gemm.n : gemm.k) = bad;
      const auto checked = check_dimensions(gemm);
      ASSERT_FALSE(checked.ok());
      EXPECT_EQ(checked.error().kind, ErrorKind::usage);
      EXPECT_NE(checked.error().what.find(std::to_string(bad)), std::string::npos);
      EXPECT_EQ(checked.error().what[0], "mnk"[place]);
    }
  }
}

TEST(Gemm, TheLargestDimensionsDoNotOverflow) {
  const Gemm gemm{DType::c128, Transpose::none, Transpose::none, max_dimension, max_dimension, max_dimension};
  ASSERT_TRUE(check_dimensions(gemm).ok());
  const double size = static_cast<double>(max_dimension);
  EXPECT_DOUBLE_EQ(volume(gemm), size * size * size);
  EXPECT_DOUBLE_EQ(flops(gemm), 8 * size * size * size);
  EXPECT_DOUBLE_EQ(operand_bytes(gemm), 3 * 16 * size * size);
}

TEST(Gemm, NamesRoundTrip) {
  for (const auto dtype : {DType::f32, DType::f64, DType::c64, DType::c128}) {
    EXPECT_EQ(dtype_from_name(name(dtype)), dtype);
  }
  EXPECT_FALSE(dtype_from_name("float"));
  for (const std::string letters : {"NN", "NT", "TN", "TT", "CN", "NC"}) {
    Gemm gemm;
    ASSERT_TRUE(set_transposes(gemm, letters).ok());
    EXPECT_EQ(transpose_letters(gemm), letters);
  }
  Gemm gemm;
  for (const std::string bad : {"", "N", "NNN", "XN", "NX"})
    EXPECT_FALSE(set_transposes(gemm, bad).ok()) << bad;
  EXPECT_EQ(describe(Gemm{DType::f32, Transpose::none, Transpose::transposed, 100, 500, 784}),
            "f32 NT 100x500x784");
}

TEST(Gemm, ARowMajorCallIsTheColumnMajorCallWithOperandsSwapped) {
  const Gemm row{DType::f64, Transpose::transposed, Transpose::none, 3, 5, 7};
  const Gemm column = from_row_major(row);
  EXPECT_EQ(column, (Gemm{DType::f64, Transpose::none, Transpose::transposed, 5, 3, 7}));
  EXPECT_EQ(from_row_major(column), row);
}

TEST(Gemm, ConjugationIsTranspositionForRealTypesOnly) {
  const Gemm real{DType::f64, Transpose::conjugated, Transpose::none, 3, 5, 7};
  EXPECT_EQ(canonical(real).trans_a, Transpose::transposed);
  Gemm complex = real;
  complex.dtype = DType::c128;
  EXPECT_EQ(canonical(complex), complex);
}

}  // namespace
}  // namespace blastune
