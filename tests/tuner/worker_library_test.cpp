// SPDX-License-Identifier: BSD-3-Clause
//
// The code that calls BLAS, against a product computed here, with Debian's builds.
#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <complex>
#include <cstring>
#include <type_traits>
#include <vector>

#include "blas_library.h"
#include "burst_runner.h"
#include "model/rng.h"
#include "operands.h"
#include "tests/tuner/worker_fixtures.h"

namespace blastune {
namespace {

using testing::debian_build;
using testing::debian_flavours;
using testing::fake_blas;

template <class Value>
Value conjugate(Value value) {
  if constexpr (std::is_floating_point_v<Value>)
    return value;
  else
    return std::conj(value);
}

template <class Value>
std::vector<Value> random_values(std::int64_t count, Rng& random) {
  std::vector<Value> values(static_cast<std::size_t>(count));
  for (Value& value : values) {
    if constexpr (std::is_floating_point_v<Value>)
      value = static_cast<Value>(2 * random.uniform() - 1);
    else
      value = Value(static_cast<typename Value::value_type>(2 * random.uniform() - 1),
                    static_cast<typename Value::value_type>(2 * random.uniform() - 1));
  }
  return values;
}

// Element (row, column) of op(X), X column-major with `rows` rows of op(X) and `columns` columns.
template <class Value>
Value element(const std::vector<Value>& x, Transpose transpose, std::int64_t rows, std::int64_t columns,
              std::int64_t row, std::int64_t column) {
  if (transpose == Transpose::none) return x[static_cast<std::size_t>(row + column * rows)];
  const Value value = x[static_cast<std::size_t>(column + row * columns)];
  return transpose == Transpose::conjugated ? conjugate(value) : value;
}

template <class Value>
void check_product(const BlasLibrary& library, const Gemm& gemm) {
  Rng random(7);
  const auto a = random_values<Value>(gemm.m * gemm.k, random);
  const auto b = random_values<Value>(gemm.k * gemm.n, random);
  // Beta is 0: what stood in C must not matter.
  std::vector<Value> c(static_cast<std::size_t>(gemm.m * gemm.n), Value(1000));
  library.multiply(gemm, a.data(), b.data(), c.data());
  double worst = 0;
  for (std::int64_t column = 0; column < gemm.n; ++column) {
    for (std::int64_t row = 0; row < gemm.m; ++row) {
      Value sum{};
      for (std::int64_t l = 0; l < gemm.k; ++l) {
        sum += element(a, gemm.trans_a, gemm.m, gemm.k, row, l) *
               element(b, gemm.trans_b, gemm.k, gemm.n, l, column);
      }
      const auto difference = std::abs(sum - c[static_cast<std::size_t>(row + column * gemm.m)]);
      worst = std::max(worst, static_cast<double>(difference));
    }
  }
  EXPECT_LT(worst, 1e-3) << describe(gemm);
}

class LoadedBuild : public ::testing::TestWithParam<std::string> {};
INSTANTIATE_TEST_SUITE_P(Flavours, LoadedBuild, ::testing::ValuesIn(debian_flavours),
                         [](const auto& case_info) { return case_info.param; });

TEST_P(LoadedBuild, MultipliesWhatTheGemmSays) {
  const std::string file = debian_build(GetParam());
  ASSERT_FALSE(file.empty()) << "install libopenblas0-" << GetParam();
  const auto library = BlasLibrary::load(file);
  ASSERT_TRUE(library) << library.error().text();
  constexpr std::array<Transpose, 3> transposes = {Transpose::none, Transpose::transposed,
                                                   Transpose::conjugated};
  for (const int threads : {1, 2}) {
    ASSERT_TRUE(library->set_threads(threads));
    for (const Transpose trans_a : transposes) {
      for (const Transpose trans_b : transposes) {
        for (const auto [m, n, k] :
             {std::array<std::int64_t, 3>{5, 3, 4}, std::array<std::int64_t, 3>{1, 9, 7},
              std::array<std::int64_t, 3>{90, 80, 101}}) {
          check_product<float>(*library, {DType::f32, trans_a, trans_b, m, n, k});
          check_product<double>(*library, {DType::f64, trans_a, trans_b, m, n, k});
          check_product<std::complex<float>>(*library, {DType::c64, trans_a, trans_b, m, n, k});
          check_product<std::complex<double>>(*library, {DType::c128, trans_a, trans_b, m, n, k});
        }
      }
    }
  }
}

TEST_P(LoadedBuild, CountFollows) {
  const std::string file = debian_build(GetParam());
  ASSERT_FALSE(file.empty()) << "install libopenblas0-" << GetParam();
  const auto library = BlasLibrary::load(file);
  ASSERT_TRUE(library) << library.error().text();
  EXPECT_EQ(library->threads(), library->default_threads()) << "loading leaves the count as it was";
  for (const int threads : {1, 2, 3, 1, 2}) {
    ASSERT_TRUE(library->set_threads(threads));
    EXPECT_EQ(library->threads(), threads);
  }
  EXPECT_FALSE(library->set_threads(library->build().max_threads + 1));
}

TEST(BurstRunner, SwitchesTheCountOfAnOpenMpBuildThatIgnoresItsOwnSetter) {
  const auto library = BlasLibrary::load(fake_blas("openmp_0_3_27"));
  ASSERT_TRUE(library) << library.error().text();
  EXPECT_EQ(library->default_threads(), 4);
  BurstRunner runner(*library, 1 << 20);
  for (const int threads : {1, 3, 2}) {
    BurstRequest request;
    request.gemm = Gemm{DType::f64, Transpose::none, Transpose::none, 10, 10, 10};
    request.threads = threads;
    const auto result = runner.run(request);
    ASSERT_TRUE(result) << result.error().text();
    EXPECT_EQ(library->threads(), threads);
  }
}

TEST(BurstRunner, CountsTheCallsAskedForAndTheirContext) {
  const auto library = BlasLibrary::load(fake_blas("honest"));
  ASSERT_TRUE(library);
  BurstRunner runner(*library, 1 << 20);
  BurstRequest request;
  request.gemm = Gemm{DType::f64, Transpose::none, Transpose::none, 40, 40, 40};
  request.warm_calls = 2;
  request.calls = 9;
  const auto result = runner.run(request);
  ASSERT_TRUE(result);
  ASSERT_EQ(result->seconds.size(), 9U);
  double sum = 0;
  for (const double seconds : result->seconds) sum += seconds;
  EXPECT_GE(result->context.wall_seconds, sum);
  EXPECT_GT(result->context.cpu_seconds, 0);
  EXPECT_GE(result->context.wait_seconds, 0);
  EXPECT_GE(result->context.involuntary_switches, 0);
}

TEST(OperandsTest, AreRandomAlignedAndReused) {
  Operands operands(1 << 20);
  const Gemm gemm{DType::f32, Transpose::none, Transpose::none, 50, 30, 20};
  const auto first = operands.for_gemm(gemm);
  ASSERT_TRUE(first);
  for (const void* pointer : {first->a, first->b, first->c})
    EXPECT_EQ(reinterpret_cast<std::uintptr_t>(pointer) % 64, 0U);
  const auto* values = static_cast<const float*>(first->a);
  float least = 1;
  float most = -1;
  for (int i = 0; i < 50 * 20; ++i) {
    ASSERT_TRUE(std::isnormal(values[i])) << i;
    least = std::min(least, values[i]);
    most = std::max(most, values[i]);
  }
  EXPECT_LT(least, -0.9F);
  EXPECT_GE(least, -1.0F);
  EXPECT_GT(most, 0.9F);
  EXPECT_LE(most, 1.0F);
  const auto held = operands.bytes_held();
  const auto second = operands.for_gemm({DType::f32, Transpose::none, Transpose::none, 40, 30, 20});
  ASSERT_TRUE(second);
  EXPECT_EQ(first->a, second->a);
  EXPECT_EQ(operands.bytes_held(), held);
}

TEST(OperandsTest, StayWithinTheCapWhateverCameBefore) {
  constexpr std::int64_t cap = 200000;
  Operands operands(cap);
  for (const DType dtype : {DType::f64, DType::f32, DType::c128, DType::c64, DType::f64}) {
    for (const auto [m, n, k] :
         {std::array<std::int64_t, 3>{1, 1, 1}, std::array<std::int64_t, 3>{5000, 1, 1},
          std::array<std::int64_t, 3>{1, 5000, 1}, std::array<std::int64_t, 3>{1, 1, 5000},
          std::array<std::int64_t, 3>{60, 60, 60}}) {
      (void)operands.for_gemm({dtype, Transpose::none, Transpose::none, m, n, k});
      EXPECT_LE(operands.bytes_held(), cap);
    }
  }
  EXPECT_FALSE(operands.for_gemm({DType::f64, Transpose::none, Transpose::none, 1000, 1000, 1000}));
  EXPECT_FALSE(operands.for_gemm(
      {DType::c128, Transpose::none, Transpose::none, max_dimension, max_dimension, max_dimension}));
  EXPECT_FALSE(operands.for_gemm({DType::f64, Transpose::none, Transpose::none, 0, 5, 5}));
}

}  // namespace
}  // namespace blastune
