// SPDX-License-Identifier: BSD-3-Clause
//
// What is judged sound is what a real OpenBLAS carries out, for every choice of small and of wrong arguments:
// around a call that it refuses no count may be set, and none that it carries out is to be missed.
#include <cblas.h>
#include <gtest/gtest.h>

#include <array>
#include <cstddef>
#include <string>

#include "preload/asked.h"

namespace {

bool was_refused = false;

}  // namespace

// The program's own error handler, which the library calls in the place of its own.
extern "C" __attribute__((visibility("default"))) void xerbla_(const char* name, const blasint* argument,
                                                               std::size_t length);
void xerbla_(const char*, const blasint*, std::size_t) {
  was_refused = true;
}

extern "C" {
using Text = const char*;
using Int = const blasint*;
#define DECLARE_GEMM(NAME)                                                                                   \
  void NAME(Text, Text, Int, Int, Int, const double*, const double*, Int, const double*, Int, const double*, \
            double*, Int, std::size_t, std::size_t)
#define DECLARE_SYMM(NAME)                                                                              \
  void NAME(Text, Text, Int, Int, const double*, const double*, Int, const double*, Int, const double*, \
            double*, Int, std::size_t, std::size_t)
#define DECLARE_SYRK(NAME)                                                                        \
  void NAME(Text, Text, Int, Int, const double*, const double*, Int, const double*, double*, Int, \
            std::size_t, std::size_t)
DECLARE_GEMM(dgemm_);
DECLARE_GEMM(zgemm_);
DECLARE_GEMM(zgemm3m_);
DECLARE_SYMM(dsymm_);
DECLARE_SYMM(zsymm_);
DECLARE_SYMM(zhemm_);
DECLARE_SYRK(dsyrk_);
DECLARE_SYRK(zsyrk_);
DECLARE_SYRK(zherk_);
void dgetrf_(Int, Int, double*, Int, blasint*, blasint*);
void dgetrs_(Text, Int, Int, const double*, Int, const blasint*, double*, Int, blasint*, std::size_t);
void dgesv_(Int, Int, double*, Int, blasint*, double*, Int, blasint*);
void dtrtri_(Text, Text, Int, double*, Int, blasint*, std::size_t, std::size_t);
void dtrtrs_(Text, Text, Text, Int, Int, const double*, Int, double*, Int, blasint*, std::size_t, std::size_t,
             std::size_t);
#define DECLARE_DEFINITE(NAME) void NAME(Text, Int, double*, Int, blasint*, std::size_t)
DECLARE_DEFINITE(dpotrf_);
DECLARE_DEFINITE(dpotri_);
DECLARE_DEFINITE(dlauum_);
// They take what symm does.
DECLARE_SYMM(dsyr2k_);
DECLARE_SYMM(zsyr2k_);
DECLARE_SYMM(zher2k_);
}

namespace blastune {
namespace {

constexpr std::array sizes{-1, 0, 2, 3};
constexpr std::array leading{1, 2, 3};
constexpr std::array orders{100, 101, 102};
constexpr std::array transposes{110, 111, 112, 113, 114, 115};
constexpr std::array sides{140, 141, 142, 143};
constexpr std::array triangles{120, 121, 122, 123};
constexpr std::array transpose_letters{'N', 'n', 'T', 't', 'C', 'c', 'R', 'r', 'X'};
constexpr std::array side_letters{'L', 'l', 'R', 'r', 'X'};
constexpr std::array triangle_letters{'U', 'u', 'L', 'l', 'X'};

const std::array<double, 2> one{1, 0};
const std::array<double, 32> a{};
const std::array<double, 32> b{};
std::array<double, 32> c{};

class Refusals : public ::testing::Test {
 protected:
  void SetUp() override { openblas_set_num_threads(1); }

  // has_work: nothing is empty, so that there is something to set a count for.
  template <class Call, class... Arguments>
  void expect_agreement(const std::string& name, const Asked& asked, bool has_work, Call call,
                        Arguments... arguments) {
    was_refused = false;
    call();
    const bool is_sound = asked.scope != Asked::Scope::none;
    (was_refused ? refused_ : carried_out_) += has_work ? 1 : 0;
    if (is_sound == (!was_refused && has_work)) return;
    std::string list;
    ((list += " " + std::to_string(arguments)), ...);
    ADD_FAILURE() << name << list << (is_sound ? " is judged sound" : " is left out")
                  << (was_refused ? ", and refused" : ", and carried out");
  }

  // Of either there was some, or nothing was compared.
  void TearDown() override {
    EXPECT_GT(refused_, 0);
    EXPECT_GT(carried_out_, 0);
  }

 private:
  int refused_ = 0;
  int carried_out_ = 0;
};

template <class Body>
void each(const auto& first, const auto& second, const auto& third, const Body& body) {
  for (const auto x : first)
    for (const auto y : second)
      for (const auto z : third) body(x, y, z);
}

TEST_F(Refusals, OfGemm) {
  each(transpose_letters, transpose_letters, sizes, [&](char left, char right, blasint m) {
    each(sizes, sizes, leading, [&](blasint n, blasint k, blasint lda) {
      each(leading, leading, std::array{0}, [&](blasint ldb, blasint ldc, int) {
        const Asked asked =
            gemm_asked(transpose_of_letter(left), transpose_of_letter(right), m, n, k, lda, ldb, ldc);
        for (const auto& [name, function] :
             {std::pair{"dgemm_", &dgemm_}, {"zgemm_", &zgemm_}, {"zgemm3m_", &zgemm3m_}}) {
          expect_agreement(
              name, asked, m > 0 && n > 0 && k > 0,
              [&, call = function] {
                call(&left, &right, &m, &n, &k, one.data(), a.data(), &lda, b.data(), &ldb, one.data(),
                     c.data(), &ldc, 1, 1);
              },
              left, right, m, n, k, lda, ldb, ldc);
        }
      });
    });
  });
}

TEST_F(Refusals, OfCblasGemm) {
  each(orders, transposes, transposes, [&](int order, int left, int right) {
    each(sizes, sizes, sizes, [&](blasint m, blasint n, blasint k) {
      each(leading, leading, leading, [&](blasint lda, blasint ldb, blasint ldc) {
        const Asked asked = cblas_gemm_asked(order, left, right, m, n, k, lda, ldb, ldc);
        const auto by = static_cast<CBLAS_ORDER>(order);
        const auto of_a = static_cast<CBLAS_TRANSPOSE>(left);
        const auto of_b = static_cast<CBLAS_TRANSPOSE>(right);
        const bool has_work = m > 0 && n > 0 && k > 0;
        expect_agreement(
            "cblas_dgemm", asked, has_work,
            [&] { cblas_dgemm(by, of_a, of_b, m, n, k, 1, a.data(), lda, b.data(), ldb, 1, c.data(), ldc); },
            order, left, right, m, n, k, lda, ldb, ldc);
        for (const auto& [name, function] :
             {std::pair{"cblas_zgemm", &cblas_zgemm}, {"cblas_zgemm3m", &cblas_zgemm3m}}) {
          expect_agreement(
              name, asked, has_work,
              [&, call = function] {
                call(by, of_a, of_b, m, n, k, one.data(), a.data(), lda, b.data(), ldb, one.data(), c.data(),
                     ldc);
              },
              order, left, right, m, n, k, lda, ldb, ldc);
        }
      });
    });
  });
}

TEST_F(Refusals, OfSymmAndHemm) {
  each(side_letters, triangle_letters, sizes, [&](char side, char triangle, blasint m) {
    each(sizes, leading, leading, [&](blasint n, blasint lda, blasint ldb) {
      for (const blasint ldc : leading) {
        const Asked asked = symm_asked(choice_of_letter(side, 'L', 'R'), choice_of_letter(triangle, 'U', 'L'),
                                       m, n, lda, ldb, ldc);
        for (const auto& [name, function] :
             {std::pair{"dsymm_", &dsymm_}, {"zsymm_", &zsymm_}, {"zhemm_", &zhemm_}}) {
          expect_agreement(
              name, asked, m > 0 && n > 0,
              [&, call = function] {
                call(&side, &triangle, &m, &n, one.data(), a.data(), &lda, b.data(), &ldb, one.data(),
                     c.data(), &ldc, 1, 1);
              },
              side, triangle, m, n, lda, ldb, ldc);
        }
      }
    });
  });
}

TEST_F(Refusals, OfCblasSymmAndHemm) {
  each(orders, sides, triangles, [&](int order, int side, int triangle) {
    each(sizes, sizes, leading, [&](blasint m, blasint n, blasint lda) {
      each(leading, leading, std::array{0}, [&](blasint ldb, blasint ldc, int) {
        const Asked asked = cblas_symm_asked(order, side, triangle, m, n, lda, ldb, ldc);
        const auto by = static_cast<CBLAS_ORDER>(order);
        const auto where = static_cast<CBLAS_SIDE>(side);
        const auto which = static_cast<CBLAS_UPLO>(triangle);
        expect_agreement(
            "cblas_dsymm", asked, m > 0 && n > 0,
            [&] { cblas_dsymm(by, where, which, m, n, 1, a.data(), lda, b.data(), ldb, 1, c.data(), ldc); },
            order, side, triangle, m, n, lda, ldb, ldc);
        for (const auto& [name, function] :
             {std::pair{"cblas_zsymm", &cblas_zsymm}, {"cblas_zhemm", &cblas_zhemm}}) {
          expect_agreement(
              name, asked, m > 0 && n > 0,
              [&, call = function] {
                call(by, where, which, m, n, one.data(), a.data(), lda, b.data(), ldb, one.data(), c.data(),
                     ldc);
              },
              order, side, triangle, m, n, lda, ldb, ldc);
        }
      });
    });
  });
}

TEST_F(Refusals, OfSyrkSyr2kAndTheHermitianOnes) {
  each(triangle_letters, transpose_letters, sizes, [&](char triangle, char transpose, blasint n) {
    each(sizes, leading, leading, [&](blasint k, blasint lda, blasint ldc) {
      const int which = choice_of_letter(triangle, 'U', 'L');
      const blastune_transpose known = syrk_transpose_of_letter(transpose);
      const bool has_work = n > 0 && k > 0;
      for (const auto& [name, function, family] : {std::tuple{"dsyrk_", &dsyrk_, Family::real},
                                                   {"zsyrk_", &zsyrk_, Family::symmetric},
                                                   {"zherk_", &zherk_, Family::hermitian}}) {
        expect_agreement(
            name, syrk_asked(family, which, known, n, k, lda, ldc), has_work,
            [&, call = function] {
              call(&triangle, &transpose, &n, &k, one.data(), a.data(), &lda, one.data(), c.data(), &ldc, 1,
                   1);
            },
            triangle, transpose, n, k, lda, ldc);
      }
      for (const blasint ldb : leading) {
        for (const auto& [name, function, family] : {std::tuple{"dsyr2k_", &dsyr2k_, Family::real},
                                                     {"zsyr2k_", &zsyr2k_, Family::symmetric},
                                                     {"zher2k_", &zher2k_, Family::hermitian}}) {
          expect_agreement(
              name, syr2k_asked(family, which, known, n, k, lda, ldb, ldc), has_work,
              [&, call = function] {
                call(&triangle, &transpose, &n, &k, one.data(), a.data(), &lda, b.data(), &ldb, one.data(),
                     c.data(), &ldc, 1, 1);
              },
              triangle, transpose, n, k, lda, ldb, ldc);
        }
      }
    });
  });
}

TEST_F(Refusals, OfCblasSyrkSyr2kAndTheHermitianOnes) {
  each(orders, triangles, transposes, [&](int order, int triangle, int transpose) {
    const auto by = static_cast<CBLAS_ORDER>(order);
    const auto which = static_cast<CBLAS_UPLO>(triangle);
    const auto how = static_cast<CBLAS_TRANSPOSE>(transpose);
    each(sizes, sizes, leading, [&](blasint n, blasint k, blasint lda) {
      each(leading, leading, std::array{0}, [&](blasint ldb, blasint ldc, int) {
        const auto agrees = [&](const char* name, bool is_syr2k, Family family, auto call) {
          const Asked asked = is_syr2k
                                  ? cblas_syr2k_asked(family, order, triangle, transpose, n, k, lda, ldb, ldc)
                                  : cblas_syrk_asked(family, order, triangle, transpose, n, k, lda, ldc);
          expect_agreement(name, asked, n > 0 && k > 0, call, order, triangle, transpose, n, k, lda, ldb,
                           ldc);
        };
        const auto* const scalar = one.data();
        agrees("cblas_dsyrk", false, Family::real,
               [&] { cblas_dsyrk(by, which, how, n, k, 1, a.data(), lda, 1, c.data(), ldc); });
        agrees("cblas_zsyrk", false, Family::symmetric,
               [&] { cblas_zsyrk(by, which, how, n, k, scalar, a.data(), lda, scalar, c.data(), ldc); });
        agrees("cblas_zherk", false, Family::hermitian,
               [&] { cblas_zherk(by, which, how, n, k, 1, a.data(), lda, 1, c.data(), ldc); });
        agrees("cblas_dsyr2k", true, Family::real, [&] {
          cblas_dsyr2k(by, which, how, n, k, 1, a.data(), lda, b.data(), ldb, 1, c.data(), ldc);
        });
        agrees("cblas_zsyr2k", true, Family::symmetric, [&] {
          cblas_zsyr2k(by, which, how, n, k, scalar, a.data(), lda, b.data(), ldb, scalar, c.data(), ldc);
        });
        agrees("cblas_zher2k", true, Family::hermitian, [&] {
          cblas_zher2k(by, which, how, n, k, scalar, a.data(), lda, b.data(), ldb, 1, c.data(), ldc);
        });
      });
    });
  });
}

// Of which the factors of what is no matrix to factorise do not matter.
TEST_F(Refusals, OfFactorisations) {
  std::array<blasint, 4> pivots{1, 2, 3, 4};
  std::array<double, 32> matrix{};
  blasint info = 0;
  const auto fresh = [&] {
    for (std::size_t i = 0; i < matrix.size(); ++i) matrix.at(i) = i % 4 == 0 ? 2 : 0;
    return matrix.data();
  };
  each(sizes, sizes, leading, [&](blasint n, blasint columns, blasint lda) {
    expect_agreement(
        "dgetrf_", getrf_asked(n, columns, lda), n > 0 && columns > 0,
        [&] { dgetrf_(&n, &columns, fresh(), &lda, pivots.data(), &info); }, n, columns, lda);
    each(leading, transpose_letters, triangle_letters, [&](blasint ldb, char transpose, char triangle) {
      const bool has_work = n > 0 && columns > 0;
      expect_agreement(
          "dgesv_", gesv_asked(n, columns, lda, ldb), has_work,
          [&] { dgesv_(&n, &columns, fresh(), &lda, pivots.data(), c.data(), &ldb, &info); }, n, columns, lda,
          ldb);
      pivots = {1, 2, 3, 4};
      expect_agreement(
          "dgetrs_", getrs_asked(transpose_of_letter(transpose), n, columns, lda, ldb), has_work,
          [&] { dgetrs_(&transpose, &n, &columns, fresh(), &lda, pivots.data(), c.data(), &ldb, &info, 1); },
          transpose, n, columns, lda, ldb);
      const int which = choice_of_letter(triangle, 'U', 'L');
      for (const char diagonal : {'N', 'n', 'U', 'u', 'X'}) {
        expect_agreement(
            "dtrtrs_", trtrs_asked(triangle, transpose_of_letter(transpose), diagonal, n, columns, lda, ldb),
            has_work,
            [&] {
              dtrtrs_(&triangle, &transpose, &diagonal, &n, &columns, fresh(), &lda, c.data(), &ldb, &info, 1,
                      1, 1);
            },
            triangle, transpose, diagonal, n, columns, lda, ldb);
      }
      for (const auto& [name, function] :
           {std::pair{"dpotrf_", &dpotrf_}, {"dpotri_", &dpotri_}, {"dlauum_", &dlauum_}}) {
        expect_agreement(
            name, definite_asked(which, n, lda), n > 0,
            [&, call = function] { call(&triangle, &n, fresh(), &lda, &info, 1); }, triangle, n, lda);
      }
      expect_agreement(
          "dtrtri_", definite_asked(which, n, lda), n > 0,
          [&] { dtrtri_(&triangle, "N", &n, fresh(), &lda, &info, 1, 1); }, triangle, n, lda);
    });
  });
}

}  // namespace
}  // namespace blastune
