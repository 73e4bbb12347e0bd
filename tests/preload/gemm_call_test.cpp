// SPDX-License-Identifier: BSD-3-Clause
#include "preload/gemm_call.h"

#include <gtest/gtest.h>

namespace blastune {
namespace {

constexpr int by_column = 102;
constexpr int by_row = 101;
constexpr int none = 111;
constexpr int transposed = 112;

TEST(GemmCall, ByColumnIsAsItIs) {
  const GemmCall call = cblas_call(by_column, none, transposed, 3, 4, 5, 3, 4, 3);
  EXPECT_TRUE(call.is_sound);
  EXPECT_EQ(call.trans_a, BLASTUNE_NO_TRANS);
  EXPECT_EQ(call.trans_b, BLASTUNE_TRANS);
  EXPECT_EQ(call.m, 3);
  EXPECT_EQ(call.n, 4);
  EXPECT_EQ(call.k, 5);
}

TEST(GemmCall, ByRowIsTheOtherWayRound) {
  // C is 3 x 4, A 3 x 5 and B, transposed, 4 x 5, each with rows behind one another.
  const GemmCall call = cblas_call(by_row, none, transposed, 3, 4, 5, 5, 5, 4);
  EXPECT_TRUE(call.is_sound);
  EXPECT_EQ(call.trans_a, BLASTUNE_TRANS);
  EXPECT_EQ(call.trans_b, BLASTUNE_NO_TRANS);
  EXPECT_EQ(call.m, 4);
  EXPECT_EQ(call.n, 3);
  EXPECT_EQ(call.k, 5);
}

// Every leading dimension at its least, and one less.
TEST(GemmCall, IsSoundExactlyWhenTheLibraryCarriesItOut) {
  for (const int order : {by_column, by_row}) {
    for (const int a : {none, transposed}) {
      for (const int b : {none, transposed}) {
        const bool is_row = order == by_row;
        const std::int64_t lda = (a == none) != is_row ? 3 : 5;
        const std::int64_t ldb = (b == none) != is_row ? 5 : 4;
        const std::int64_t ldc = is_row ? 4 : 3;
        EXPECT_TRUE(cblas_call(order, a, b, 3, 4, 5, lda, ldb, ldc).is_sound) << order << a << b;
        EXPECT_FALSE(cblas_call(order, a, b, 3, 4, 5, lda - 1, ldb, ldc).is_sound) << order << a << b;
        EXPECT_FALSE(cblas_call(order, a, b, 3, 4, 5, lda, ldb - 1, ldc).is_sound) << order << a << b;
        EXPECT_FALSE(cblas_call(order, a, b, 3, 4, 5, lda, ldb, ldc - 1).is_sound) << order << a << b;
      }
    }
  }
  for (const std::int64_t size : {0L, -1L}) {
    EXPECT_FALSE(cblas_call(by_column, none, none, size, 4, 5, 9, 9, 9).is_sound);
    EXPECT_FALSE(cblas_call(by_column, none, none, 3, size, 5, 9, 9, 9).is_sound);
    EXPECT_FALSE(cblas_call(by_column, none, none, 3, 4, size, 9, 9, 9).is_sound);
  }
  EXPECT_FALSE(cblas_call(100, none, none, 3, 4, 5, 9, 9, 9).is_sound);
  EXPECT_FALSE(cblas_call(by_column, 110, none, 3, 4, 5, 9, 9, 9).is_sound);
  EXPECT_FALSE(cblas_call(by_column, none, 115, 3, 4, 5, 9, 9, 9).is_sound);
}

TEST(GemmCall, LettersInEitherCase) {
  for (const char letter : {'N', 'n', 'R', 'r'}) EXPECT_EQ(transpose_of_letter(letter), BLASTUNE_NO_TRANS);
  for (const char letter : {'T', 't'}) EXPECT_EQ(transpose_of_letter(letter), BLASTUNE_TRANS);
  for (const char letter : {'C', 'c'}) EXPECT_EQ(transpose_of_letter(letter), BLASTUNE_CONJ_TRANS);
  for (const char letter : {'X', ' ', '\0'}) EXPECT_EQ(transpose_of_letter(letter), -1);
  EXPECT_EQ(transpose_of_cblas(113), BLASTUNE_CONJ_TRANS);
  EXPECT_EQ(transpose_of_cblas(114), BLASTUNE_NO_TRANS);
}

}  // namespace
}  // namespace blastune
