// SPDX-License-Identifier: BSD-3-Clause
//
// An OpenBLAS as a program loads it, and tables for it.
#pragma once

#include <dlfcn.h>
#include <gtest/gtest.h>

#include <cmath>
#include <filesystem>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "base/file_system.h"
#include "client/openblas_object.h"
#include "model/layer.h"
#include "store/table_file.h"

namespace blastune::testing {

inline constexpr int cblas_column_major = 102;
inline constexpr int cblas_no_trans = 111;

class LoadedBlas {
 public:
  explicit LoadedBlas(const std::string& path, int mode = RTLD_NOW | RTLD_LOCAL)
      : handle_(::dlopen(path.c_str(), mode)) {
    if (handle_ == nullptr) {
      ADD_FAILURE() << ::dlerror();
      return;
    }
    for (const LoadedObject& object : list_loaded_objects()) {
      std::optional<OpenBlasObject> found = recognise_openblas(object);
      if (found && std::filesystem::equivalent(object.path, path)) found_ = std::move(found);
    }
  }

  [[nodiscard]] const Build& build() const { return found_->build; }
  [[nodiscard]] bool recognised() const { return found_.has_value(); }

  [[nodiscard]] void* symbol(const std::string& name) const {
    return ::dlsym(handle_, (prefix() + name + suffix()).c_str());
  }
  // What a multiply in this thread would use now.
  [[nodiscard]] int count() const { return found_->functions.get(); }
  void set_count(int count) const { function<void(int)>("openblas_set_num_threads")(count); }

  void multiply(int m, int n, int k) const {
    std::vector<double> a(static_cast<std::size_t>(m) * static_cast<std::size_t>(k), 1.0);
    std::vector<double> b(static_cast<std::size_t>(k) * static_cast<std::size_t>(n), 1.0);
    std::vector<double> c(static_cast<std::size_t>(m) * static_cast<std::size_t>(n), 0.0);
    function<void(int, int, int, int, int, int, double, const double*, int, const double*, int, double,
                  double*, int)>("cblas_dgemm")(cblas_column_major, cblas_no_trans, cblas_no_trans, m, n, k,
                                                1.0, a.data(), m, b.data(), k, 0.0, c.data(), m);
    EXPECT_EQ(c.front(), k);
    EXPECT_EQ(c.back(), k);
  }

 private:
  [[nodiscard]] std::string prefix() const { return found_ ? found_->build.prefix : ""; }
  [[nodiscard]] std::string suffix() const { return found_ ? found_->build.suffix : ""; }
  template <class Function>
  [[nodiscard]] Function* function(const std::string& name) const {
    return reinterpret_cast<Function*>(symbol(name));
  }

  void* handle_;
  std::optional<OpenBlasObject> found_;
};

// The article's first layer at batch 500, and one where more threads pay.
inline const Gemm layer_gemm_500 =
    layer_gemm({784, 100}, 500, DType::f64, Pass::forward, Layout::features_by_batch);
inline const Gemm large_gemm{DType::f64, Transpose::none, Transpose::none, 1000, 1000, 1000};

// A millisecond at that count and twice that at all others, so that it is the advice. Many bursts on many
// occasions agree about it, so that nothing is in doubt.
inline Curve make_curve(const Gemm& gemm, int fastest, int counts = 4) {
  Curve curve;
  curve.gemm = gemm;
  for (int threads = 1; threads <= counts; ++threads)
    curve.at(threads).seconds = Moments::from_summary(1000, threads == fastest ? 1e-3 : 2e-3, 1e-6);
  curve.gains =
      Moments::from_summary(10, std::log(curve.at(counts).seconds.mean() / curve.at(1).seconds.mean()), 1e-3);
  return curve;
}

inline Table make_table(const Build& build, int fastest) {
  Table table;
  table.machine = read_machine_signature().value();
  table.build = build;
  table.default_threads = 2;
  table.measured_unix = 1'700'000'000;
  table.spent_seconds = 1;
  table.occasions = 10;
  table.add(make_curve(layer_gemm_500, fastest));
  return table;
}

inline void save(const Tables& tables, const std::string& path) {
  RealFileSystem files;
  const Result<void> saved = save_tables(files, path, tables);
  EXPECT_TRUE(saved.ok()) << (saved.ok() ? "" : saved.error().text());
}

}  // namespace blastune::testing
