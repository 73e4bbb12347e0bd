// SPDX-License-Identifier: BSD-3-Clause
#include "tuner/simulated_machine.h"

#include <algorithm>
#include <cmath>

#include "model/thread_use.h"
#include "model/work_division.h"

namespace blastune {
namespace {

constexpr std::int64_t kernel_rows = 16;  // of the innermost kernel's block, of either type
constexpr std::int64_t kernel_columns = 4;
constexpr double half_speed_depth =
    24;                          // k at which loading and storing the block takes as long as computing it
constexpr double overlap = 0.7;  // of the shorter of computing and loading, hidden behind the longer

int switch_ratio(DType dtype) {
  return dtype == DType::f32 || dtype == DType::c64 ? 8 : 4;
}

double rounded_up(double size, std::int64_t step) {
  return std::ceil(size / static_cast<double>(step)) * static_cast<double>(step);
}

// Cores are filled one after the other, second threads of cores last.
int cores_of(const SimulatedMachine& machine, int threads) {
  return std::min(threads, machine.cores);
}

int nodes_of(const SimulatedMachine& machine, int threads) {
  const int cores_a_node = std::max(1, machine.cores / machine.nodes);
  return std::min(machine.nodes, (cores_of(machine, threads) + cores_a_node - 1) / cores_a_node);
}

// Of the slowest thread, for which all others wait.
double thread_flops(const SimulatedMachine& machine, DType dtype, int threads) {
  const double busy_share =
      static_cast<double>(cores_of(machine, threads) - 1) / std::max(1, machine.cores - 1);
  const double boost = std::lerp(machine.alone_boost, 1.0, busy_share);
  const double shared = threads > machine.cores ? machine.shared_core_gain / machine.threads_per_core : 1;
  const double of_type = dtype == DType::f32 || dtype == DType::c64 ? 2 : 1;
  return machine.core_flops * boost * shared * of_type;
}

double computing_seconds(const SimulatedMachine& machine, const Gemm& gemm, const WorkDivision& division) {
  const double rows = rounded_up(std::ceil(static_cast<double>(gemm.m) / division.rows), kernel_rows);
  const double columns =
      rounded_up(std::ceil(static_cast<double>(gemm.n) / division.columns), kernel_columns);
  const double depth = static_cast<double>(gemm.k) + half_speed_depth;
  const double per_element = is_complex(gemm.dtype) ? 8 : 2;
  return per_element * rows * columns * depth / thread_flops(machine, gemm.dtype, division.threads());
}

double loading_seconds(const SimulatedMachine& machine, const Gemm& gemm, const WorkDivision& division) {
  const auto m = static_cast<double>(gemm.m);
  const auto n = static_cast<double>(gemm.n);
  const auto k = static_cast<double>(gemm.k);
  // Each part of rows needs all of B, each part of columns all of A.
  const double bytes = static_cast<double>(element_size(gemm.dtype)) *
                       (m * k * division.columns + n * k * division.rows + 2 * m * n);
  const int nodes = nodes_of(machine, division.threads());
  const int cores = cores_of(machine, division.threads());
  const double in_cache = std::min(1.0, machine.node_cache_bytes * nodes / operand_bytes(gemm));
  const double memory = std::min(machine.core_bandwidth * cores, machine.node_bandwidth * nodes);
  return bytes * (in_cache / (machine.cache_bandwidth * cores) + (1 - in_cache) / memory);
}

double starting_seconds(const SimulatedMachine& machine, int threads) {
  if (threads == 1) return 0;
  return machine.start_seconds + machine.thread_seconds * (threads - 1) +
         machine.other_node_seconds * (nodes_of(machine, threads) - 1);
}

// Threads beyond the cores that others leave wait for a slice with every call, longer ones for every second.
double waiting_seconds(const SimulatedMachine& machine, double seconds, int threads) {
  const int left = std::max(0, machine.threads() - machine.busy_cores);
  if (threads <= left) return 0;
  return std::max(seconds, machine.slice_seconds / 4);
}

}  // namespace

double simulated_seconds(const SimulatedMachine& machine, const Gemm& gemm, int threads) {
  const Build build = simulated_build(machine);
  const int given = runs_on_one_thread(build, gemm) ? 1 : threads;
  const WorkDivision division = divide_work(gemm.m, gemm.n, given, switch_ratio(gemm.dtype));
  const double computing = computing_seconds(machine, gemm, division);
  const double loading = loading_seconds(machine, gemm, division);
  const double working = std::max(computing, loading) + (1 - overlap) * std::min(computing, loading);
  const double seconds = working + starting_seconds(machine, given);
  return seconds + waiting_seconds(machine, seconds, division.threads());
}

Build simulated_build(const SimulatedMachine& machine) {
  Build build;
  build.version = {0, 3, 21};
  build.config = "simulated";
  build.core_name = "simulated";
  build.threading = machine.threads() > 1 ? Threading::pthread : Threading::serial;
  build.max_threads = machine.threads();
  return build;
}

}  // namespace blastune
