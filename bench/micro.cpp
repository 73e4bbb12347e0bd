// SPDX-License-Identifier: BSD-3-Clause
//
// What a call of the client library costs, and what loading a large table costs. Google Benchmark; the
// library's table and OpenBLAS are made and loaded here, so that every machine measures the same work.
#include <benchmark/benchmark.h>
#include <dlfcn.h>
#include <stdlib.h>

#include <cmath>
#include <cstdio>
#include <filesystem>
#include <string>

#include "base/file_system.h"
#include "blastune/blastune.h"
#include "model/advisor.h"
#include "model/rng.h"
#include "store/table_file.h"
#include "store/table_json.h"

namespace {

using namespace blastune;

Table made_table(int curves, int counts) {
  Rng rng(1);
  Table table;
  table.build.threading = Threading::pthread;
  table.default_threads = counts;
  table.measured_unix = 1'700'000'000;
  for (int i = 0; i < curves; ++i) {
    Curve curve;
    const auto size = [&] { return 8 + static_cast<std::int64_t>(std::exp(rng.uniform() * 8)); };
    curve.gemm = {
        i % 2 == 0 ? DType::f32 : DType::f64, Transpose::none, Transpose::none, size(), size(), size()};
    for (int threads = 1; threads <= counts; ++threads) {
      for (int burst = 0; burst < 3; ++burst) {
        curve.at(threads).seconds.add(flops(curve.gemm) * 1e-10 / threads * (1 + 0.1 * rng.uniform()));
      }
    }
    table.add(curve);
  }
  return table;
}

void load_table(benchmark::State& state) {
  const std::string path =
      std::filesystem::temp_directory_path() / ("blastune-bench-" + std::to_string(getpid()));
  RealFileSystem files;
  if (!save_tables(files, path, {made_table(static_cast<int>(state.range(0)), 2)})) {
    state.SkipWithError("cannot write a table");
    return;
  }
  for (auto _ : state) {
    auto tables = load_tables(files, path);
    if (!tables) state.SkipWithError("cannot read the table back");
    benchmark::DoNotOptimize(tables);
  }
  std::filesystem::remove(path);
  std::filesystem::remove(path + ".lock");
}
BENCHMARK(load_table)->Arg(500)->Arg(10000)->Unit(benchmark::kMillisecond);

void make_advisor(benchmark::State& state) {
  const Table table = made_table(static_cast<int>(state.range(0)), 2);
  for (auto _ : state) benchmark::DoNotOptimize(Advisor(table));
}
BENCHMARK(make_advisor)->Arg(500)->Arg(10000)->Unit(benchmark::kMillisecond);

void advise_unmeasured(benchmark::State& state) {
  const Advisor advisor(made_table(static_cast<int>(state.range(0)), static_cast<int>(state.range(1))));
  Gemm gemm{DType::f64, Transpose::none, Transpose::none, 100, 0, 784};
  for (auto _ : state) {
    gemm.n = 100 + (gemm.n + 1) % 4000;
    benchmark::DoNotOptimize(advisor.advise(gemm, 64));
  }
}
BENCHMARK(advise_unmeasured)->Args({500, 2})->Args({10000, 2})->Args({500, 32});

// The library as a program uses it: with the table of this machine ($BLASTUNE_TABLE or the user's own).
bool client_has_advice(benchmark::State& state) {
  if (blastune_recommend_gemm(BLASTUNE_F64, BLASTUNE_NO_TRANS, BLASTUNE_NO_TRANS, 100, 500, 784) > 0)
    return true;
  state.SkipWithError("no advice: run `blastune tune` for the OpenBLAS that is loaded here");
  return false;
}

void recommend_seen(benchmark::State& state) {
  if (!client_has_advice(state)) return;
  for (auto _ : state) {
    benchmark::DoNotOptimize(
        blastune_recommend_gemm(BLASTUNE_F64, BLASTUNE_NO_TRANS, BLASTUNE_NO_TRANS, 100, 500, 784));
  }
}
BENCHMARK(recommend_seen);

// A network's pass: a few shapes in turn.
void recommend_seen_in_turn(benchmark::State& state) {
  if (!client_has_advice(state)) return;
  const std::int64_t sizes[][2] = {{100, 784}, {50, 100}, {10, 50}, {300, 784}};
  std::size_t turn = 0;
  for (auto _ : state) {
    const auto& size = sizes[turn++ % 4];
    benchmark::DoNotOptimize(
        blastune_recommend_gemm(BLASTUNE_F64, BLASTUNE_NO_TRANS, BLASTUNE_NO_TRANS, size[0], 500, size[1]));
  }
}
BENCHMARK(recommend_seen_in_turn);

void recommend_not_seen(benchmark::State& state) {
  if (!client_has_advice(state)) return;
  std::int64_t batch = 0;
  for (auto _ : state) {
    batch = batch % 1'000'000 + 1;
    benchmark::DoNotOptimize(
        blastune_recommend_gemm(BLASTUNE_F64, BLASTUNE_NO_TRANS, BLASTUNE_NO_TRANS, 101, 1000 + batch, 785));
  }
}
BENCHMARK(recommend_not_seen);

void enter_and_leave(benchmark::State& state) {
  if (!client_has_advice(state)) return;
  const std::int64_t batch = state.range(0);
  for (auto _ : state) {
    blastune_leave(blastune_enter_gemm(BLASTUNE_F64, BLASTUNE_NO_TRANS, BLASTUNE_NO_TRANS, 100, batch, 784));
  }
}
BENCHMARK(enter_and_leave)->Arg(8)->Arg(2000);

}  // namespace

// blastune-bench-micro [--blas FILE] [Google Benchmark's options]
int main(int argc, char** argv) {
  const char* blas = "libopenblas.so.0";
  for (int i = 1; i + 1 < argc; ++i) {
    if (std::string(argv[i]) == "--blas") blas = argv[i + 1];
  }
  if (dlopen(blas, RTLD_NOW | RTLD_GLOBAL) == nullptr) std::fprintf(stderr, "no OpenBLAS: %s\n", dlerror());
  benchmark::Initialize(&argc, argv);
  benchmark::RunSpecifiedBenchmarks();
  benchmark::Shutdown();
  return 0;
}
