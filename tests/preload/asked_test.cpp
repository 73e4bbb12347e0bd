// SPDX-License-Identifier: BSD-3-Clause
#include "preload/asked.h"

#include <gtest/gtest.h>

namespace blastune {
namespace {

constexpr int by_column = cblas_by_column;
constexpr int by_row = cblas_by_row;
constexpr int none = 111;
constexpr int transposed = 112;

bool is_asked(const Asked& asked) {
  return asked.scope != Asked::Scope::none;
}

// What a machine takes that moves eight gigabytes and multiplies a thousand million times a second.
TEST(SlowSeconds, AreOfWhatACallMovesAndMultiplies) {
  const Asked gemv = gemv_asked(BLASTUNE_NO_TRANS, 1000, 2000, 1000, 1, 1);
  EXPECT_GE(slow_seconds(BLASTUNE_F64, gemv), 8.0 * 1000 * 2000 / 8e9);
  EXPECT_GE(slow_seconds(BLASTUNE_C128, gemv), 16.0 * 1000 * 2000 / 8e9);
  const Asked ger = ger_asked(1000, 2000, 1, 1, 1000);
  EXPECT_GE(slow_seconds(BLASTUNE_F64, ger), 2 * 8.0 * 1000 * 2000 / 8e9);
  EXPECT_GE(slow_seconds(BLASTUNE_C128, ger), 2 * 16.0 * 1000 * 2000 / 8e9);
  const Asked trsm = triangular_asked(0, 0, BLASTUNE_NO_TRANS, 0, 1000, 500, 1000, 1000);
  EXPECT_DOUBLE_EQ(slow_seconds(BLASTUNE_F32, trsm), 0.5);
  EXPECT_DOUBLE_EQ(slow_seconds(BLASTUNE_C64, trsm), 2);
}

TEST(GemmAsked, ByColumnIsAsItIs) {
  const Asked call = cblas_gemm_asked(by_column, none, transposed, 3, 4, 5, 3, 4, 3);
  EXPECT_TRUE(call.scope == Asked::Scope::gemm);
  EXPECT_EQ(call.trans_a, BLASTUNE_NO_TRANS);
  EXPECT_EQ(call.trans_b, BLASTUNE_TRANS);
  EXPECT_EQ(call.m, 3);
  EXPECT_EQ(call.n, 4);
  EXPECT_EQ(call.k, 5);
}

TEST(GemmAsked, ByRowIsTheOtherWayRound) {
  // C is 3 x 4, A 3 x 5 and B, transposed, 4 x 5, each with rows behind one another.
  const Asked call = cblas_gemm_asked(by_row, none, transposed, 3, 4, 5, 5, 5, 4);
  EXPECT_TRUE(call.scope == Asked::Scope::gemm);
  EXPECT_EQ(call.trans_a, BLASTUNE_TRANS);
  EXPECT_EQ(call.trans_b, BLASTUNE_NO_TRANS);
  EXPECT_EQ(call.m, 4);
  EXPECT_EQ(call.n, 3);
  EXPECT_EQ(call.k, 5);
}

// Every leading dimension at its least, and one less.
TEST(GemmAsked, IsSoundExactlyWhenTheLibraryCarriesItOut) {
  for (const int order : {by_column, by_row}) {
    for (const int a : {none, transposed}) {
      for (const int b : {none, transposed}) {
        const bool is_row = order == by_row;
        const std::int64_t lda = (a == none) != is_row ? 3 : 5;
        const std::int64_t ldb = (b == none) != is_row ? 5 : 4;
        const std::int64_t ldc = is_row ? 4 : 3;
        EXPECT_TRUE(is_asked(cblas_gemm_asked(order, a, b, 3, 4, 5, lda, ldb, ldc))) << order << a << b;
        EXPECT_FALSE(is_asked(cblas_gemm_asked(order, a, b, 3, 4, 5, lda - 1, ldb, ldc))) << order << a << b;
        EXPECT_FALSE(is_asked(cblas_gemm_asked(order, a, b, 3, 4, 5, lda, ldb - 1, ldc))) << order << a << b;
        EXPECT_FALSE(is_asked(cblas_gemm_asked(order, a, b, 3, 4, 5, lda, ldb, ldc - 1))) << order << a << b;
      }
    }
  }
  for (const std::int64_t size : {0L, -1L}) {
    EXPECT_FALSE(is_asked(cblas_gemm_asked(by_column, none, none, size, 4, 5, 9, 9, 9)));
    EXPECT_FALSE(is_asked(cblas_gemm_asked(by_column, none, none, 3, size, 5, 9, 9, 9)));
    EXPECT_FALSE(is_asked(cblas_gemm_asked(by_column, none, none, 3, 4, size, 9, 9, 9)));
  }
  EXPECT_FALSE(is_asked(cblas_gemm_asked(100, none, none, 3, 4, 5, 9, 9, 9)));
  EXPECT_FALSE(is_asked(cblas_gemm_asked(by_column, 110, none, 3, 4, 5, 9, 9, 9)));
  EXPECT_FALSE(is_asked(cblas_gemm_asked(by_column, none, 115, 3, 4, 5, 9, 9, 9)));
}

TEST(GemmAsked, LettersInEitherCase) {
  for (const char letter : {'N', 'n', 'R', 'r'}) EXPECT_EQ(transpose_of_letter(letter), BLASTUNE_NO_TRANS);
  for (const char letter : {'T', 't'}) EXPECT_EQ(transpose_of_letter(letter), BLASTUNE_TRANS);
  for (const char letter : {'C', 'c'}) EXPECT_EQ(transpose_of_letter(letter), BLASTUNE_CONJ_TRANS);
  for (const char letter : {'X', ' ', '\0'}) EXPECT_EQ(transpose_of_letter(letter), -1);
  EXPECT_EQ(transpose_of_cblas(113), BLASTUNE_CONJ_TRANS);
  EXPECT_EQ(transpose_of_cblas(114), BLASTUNE_NO_TRANS);
}

constexpr int left = 141;
constexpr int right = 142;
constexpr int upper = 121;
constexpr int lower = 122;

TEST(SymmAsked, IsTheGemmWithASquareOperand) {
  const Asked on_the_left = cblas_symm_asked(by_column, left, upper, 3, 4, 3, 3, 3);
  EXPECT_EQ(on_the_left.scope, Asked::Scope::level3);
  EXPECT_EQ(on_the_left.k, 3);
  const Asked on_the_right = cblas_symm_asked(by_column, right, lower, 3, 4, 4, 3, 3);
  EXPECT_EQ(on_the_right.k, 4);
  EXPECT_EQ(on_the_right.m, 3);
  EXPECT_EQ(on_the_right.n, 4);
  // By row the library sees the transposed product: n x m, and the square one on the other side.
  const Asked by_rows = cblas_symm_asked(by_row, left, upper, 3, 4, 3, 4, 4);
  EXPECT_EQ(by_rows.m, 4);
  EXPECT_EQ(by_rows.n, 3);
  EXPECT_EQ(by_rows.k, 3);
}

TEST(SymmAsked, IsNothingWhereTheLibraryRefuses) {
  EXPECT_FALSE(is_asked(cblas_symm_asked(by_column, left, upper, 3, 4, 2, 3, 3)));
  EXPECT_FALSE(is_asked(cblas_symm_asked(by_column, right, upper, 3, 4, 3, 3, 3)));
  EXPECT_FALSE(is_asked(cblas_symm_asked(by_column, left, upper, 3, 4, 3, 2, 3)));
  EXPECT_FALSE(is_asked(cblas_symm_asked(by_column, left, upper, 3, 4, 3, 3, 2)));
  EXPECT_FALSE(is_asked(cblas_symm_asked(by_column, 140, upper, 3, 4, 9, 9, 9)));
  EXPECT_FALSE(is_asked(cblas_symm_asked(by_column, left, 123, 3, 4, 9, 9, 9)));
  EXPECT_FALSE(is_asked(cblas_symm_asked(100, left, upper, 3, 4, 9, 9, 9)));
  EXPECT_FALSE(is_asked(cblas_symm_asked(by_column, left, upper, 0, 4, 9, 9, 9)));
}

TEST(SyrkAsked, IsHalfOfTheGemm) {
  const Asked plain = cblas_syrk_asked(Family::real, by_column, upper, none, 5, 7, 5, 5);
  EXPECT_EQ(plain.scope, Asked::Scope::level3);
  EXPECT_EQ(plain.m, 5);
  EXPECT_EQ(plain.n, 3);
  EXPECT_EQ(plain.k, 7);
  EXPECT_EQ(plain.trans_a, BLASTUNE_NO_TRANS);
  EXPECT_EQ(plain.trans_b, BLASTUNE_TRANS);
  const Asked other = cblas_syrk_asked(Family::real, by_row, upper, none, 5, 7, 7, 5);
  EXPECT_EQ(other.trans_a, BLASTUNE_TRANS);
  EXPECT_EQ(other.trans_b, BLASTUNE_NO_TRANS);
  const Asked twice = cblas_syr2k_asked(Family::real, by_column, upper, none, 5, 7, 5, 5, 5);
  EXPECT_EQ(twice.n, 5);
}

TEST(SyrkAsked, EachFamilyHasItsTransposes) {
  constexpr int conjugated = 113;
  const auto asked = [](Family family, int order, int transpose) {
    return is_asked(cblas_syrk_asked(family, order, upper, transpose, 5, 5, 5, 5));
  };
  for (const int order : {by_column, by_row}) {
    EXPECT_TRUE(asked(Family::real, order, none));
    EXPECT_TRUE(asked(Family::real, order, transposed));
    EXPECT_TRUE(asked(Family::real, order, conjugated));
    EXPECT_TRUE(asked(Family::symmetric, order, transposed));
    EXPECT_FALSE(asked(Family::symmetric, order, conjugated));
    EXPECT_TRUE(asked(Family::hermitian, order, conjugated));
    EXPECT_FALSE(asked(Family::hermitian, order, transposed));
    EXPECT_FALSE(asked(Family::real, order, 110));
  }
  EXPECT_FALSE(asked(Family::real, 100, none));
}

// gemm knows it by letter and by value.
TEST(SyrkAsked, AConjugateThatIsNotTransposedIsRefused) {
  constexpr int conjugate_only = 114;
  for (const int order : {by_column, by_row}) {
    EXPECT_TRUE(is_asked(cblas_syrk_asked(Family::real, order, upper, conjugate_only, 5, 5, 5, 5)));
    for (const Family family : {Family::symmetric, Family::hermitian}) {
      EXPECT_FALSE(is_asked(cblas_syrk_asked(family, order, upper, conjugate_only, 5, 5, 5, 5)));
      EXPECT_FALSE(is_asked(cblas_syr2k_asked(family, order, upper, conjugate_only, 5, 5, 5, 5, 5)));
    }
  }
  for (const char letter : {'R', 'r', 'X'}) EXPECT_EQ(syrk_transpose_of_letter(letter), -1);
  EXPECT_EQ(syrk_transpose_of_letter('n'), BLASTUNE_NO_TRANS);
  EXPECT_EQ(syrk_transpose_of_letter('T'), BLASTUNE_TRANS);
  EXPECT_EQ(syrk_transpose_of_letter('c'), BLASTUNE_CONJ_TRANS);
}

TEST(SyrkAsked, HermitianOnesAreAskedAsConjugated) {
  constexpr int conjugated = 113;
  const Asked plain = cblas_syrk_asked(Family::hermitian, by_column, upper, none, 5, 7, 5, 5);
  EXPECT_EQ(plain.trans_a, BLASTUNE_NO_TRANS);
  EXPECT_EQ(plain.trans_b, BLASTUNE_CONJ_TRANS);
  const Asked other = cblas_syrk_asked(Family::hermitian, by_column, upper, conjugated, 5, 7, 7, 5);
  EXPECT_EQ(other.trans_a, BLASTUNE_CONJ_TRANS);
  EXPECT_EQ(other.trans_b, BLASTUNE_NO_TRANS);
  const Asked by_rows = cblas_syrk_asked(Family::hermitian, by_row, upper, conjugated, 5, 7, 5, 5);
  EXPECT_EQ(by_rows.trans_a, BLASTUNE_NO_TRANS);
  EXPECT_EQ(by_rows.trans_b, BLASTUNE_CONJ_TRANS);
}

TEST(SyrkAsked, IsNothingWhereTheLibraryRefuses) {
  EXPECT_FALSE(is_asked(cblas_syrk_asked(Family::real, by_column, upper, none, 5, 7, 4, 5)));
  EXPECT_FALSE(is_asked(cblas_syrk_asked(Family::real, by_column, upper, transposed, 5, 7, 6, 5)));
  EXPECT_FALSE(is_asked(cblas_syrk_asked(Family::real, by_row, upper, none, 5, 7, 6, 5)));
  EXPECT_FALSE(is_asked(cblas_syrk_asked(Family::real, by_column, upper, none, 5, 7, 5, 4)));
  EXPECT_FALSE(is_asked(cblas_syrk_asked(Family::real, by_column, upper, none, 5, 0, 5, 5)));
  EXPECT_FALSE(is_asked(cblas_syr2k_asked(Family::real, by_column, upper, none, 5, 7, 5, 4, 5)));
}

TEST(LimitedAsked, TriangularOnesAreSoundWhereTheLibraryCarriesThemOut) {
  const auto asked = [](int order, int side, int lda, int ldb) {
    const Asked found = cblas_triangular_asked(order, side, upper, none, 131, 3, 4, lda, ldb);
    return found.scope == Asked::Scope::limited;
  };
  EXPECT_TRUE(asked(by_column, left, 3, 3));
  EXPECT_FALSE(asked(by_column, left, 2, 3));
  EXPECT_FALSE(asked(by_column, left, 3, 2));
  EXPECT_TRUE(asked(by_column, right, 4, 3));
  EXPECT_FALSE(asked(by_column, right, 3, 3));
  EXPECT_TRUE(asked(by_row, left, 3, 4));
  EXPECT_FALSE(asked(by_row, left, 3, 3));
  EXPECT_TRUE(asked(by_row, right, 4, 4));
  EXPECT_FALSE(is_asked(cblas_triangular_asked(by_column, left, upper, none, 133, 3, 4, 9, 9)));
  EXPECT_FALSE(is_asked(cblas_triangular_asked(by_column, left, upper, 1, 131, 3, 4, 9, 9)));
}

TEST(LimitedAsked, ProductsWithAVectorOnlyWhereTheyAreLarge) {
  EXPECT_EQ(cblas_gemv_asked(by_column, none, 784, 100, 784, 1, 1).scope, Asked::Scope::limited);
  EXPECT_EQ(cblas_gemv_asked(by_row, none, 100, 784, 784, 1, 1).scope, Asked::Scope::limited);
  EXPECT_FALSE(is_asked(cblas_gemv_asked(by_row, none, 100, 784, 783, 1, 1)));
  EXPECT_FALSE(is_asked(cblas_gemv_asked(by_column, none, 784, 100, 784, 0, 1)));
  EXPECT_FALSE(is_asked(cblas_gemv_asked(by_column, none, 784, 100, 784, 1, 0)));
  EXPECT_FALSE(is_asked(cblas_gemv_asked(by_column, none, 63, 65, 63, 1, 1)));
  EXPECT_TRUE(is_asked(cblas_gemv_asked(by_column, none, 64, 64, 64, 1, 1)));
  EXPECT_TRUE(is_asked(cblas_gemv_asked(by_column, none, 64, 64, 64, -1, -1)));
  const std::int64_t large = std::int64_t{1} << 40;
  EXPECT_TRUE(is_asked(cblas_gemv_asked(by_column, none, large, large, large, 1, 1)));
  EXPECT_TRUE(is_asked(cblas_ger_asked(by_column, 784, 100, 1, 1, 784)));
  EXPECT_FALSE(is_asked(cblas_ger_asked(by_column, 784, 100, 1, 1, 783)));
  EXPECT_TRUE(is_asked(cblas_ger_asked(by_row, 784, 100, 1, 1, 100)));
  EXPECT_FALSE(is_asked(cblas_ger_asked(by_row, 784, 100, 0, 1, 100)));
}

TEST(FactorisationsAsked, AreKeptToWhatIsLeftUnlessRefused) {
  EXPECT_EQ(getrf_asked(200, 100, 200).scope, Asked::Scope::limited);
  EXPECT_FALSE(is_asked(getrf_asked(200, 100, 199)));
  EXPECT_FALSE(is_asked(getrf_asked(0, 100, 200)));
  EXPECT_EQ(getrs_asked(BLASTUNE_TRANS, 200, 1, 200, 200).scope, Asked::Scope::limited);
  EXPECT_FALSE(is_asked(getrs_asked(-1, 200, 1, 200, 200)));
  EXPECT_EQ(gesv_asked(200, 3, 200, 200).scope, Asked::Scope::limited);
  EXPECT_FALSE(is_asked(gesv_asked(200, 0, 200, 200)));
  EXPECT_FALSE(is_asked(gesv_asked(200, 3, 200, 199)));
  EXPECT_EQ(definite_asked(1, 200, 200).scope, Asked::Scope::limited);
  EXPECT_FALSE(is_asked(definite_asked(-1, 200, 200)));
  // A slow machine is not slower than that by the arithmetic alone.
  EXPECT_GE(slow_seconds(BLASTUNE_F64, gesv_asked(600, 1, 600, 600)), 1e-9 * 600 * 600 * 200);
}

TEST(VectorsAsked, OnlyWhereTheyAreLarge) {
  EXPECT_EQ(vector_asked(78'400, 1, 1).scope, Asked::Scope::limited);
  EXPECT_FALSE(is_asked(vector_asked(2, 1, 1)));
  EXPECT_FALSE(is_asked(vector_asked(78'400, 0, 1)));
  EXPECT_EQ(square_asked(0, 500, 500, 1, 1).scope, Asked::Scope::limited);
  EXPECT_EQ(square_asked(0, 32, 200, 1, 1).scope, Asked::Scope::limited);
  EXPECT_FALSE(is_asked(square_asked(0, 3, 3, 1, 1)));
  EXPECT_FALSE(is_asked(square_asked(-1, 500, 500, 1, 1)));
  EXPECT_FALSE(is_asked(square_asked(0, 500, 499, 1, 1)));
  EXPECT_EQ(cblas_square_asked(by_row, upper, 500, 500, 1, 1).scope, Asked::Scope::limited);
  EXPECT_FALSE(is_asked(cblas_square_asked(100, upper, 500, 500, 1, 1)));
  EXPECT_GE(slow_seconds(BLASTUNE_F64, vector_asked(100'000, 1, 1)), 16.0 * 100'000 / 8e9);
}

}  // namespace
}  // namespace blastune
