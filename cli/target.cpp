// SPDX-License-Identifier: BSD-3-Clause
#include "cli/target.h"

#include <array>
#include <cstdlib>
#include <utility>

#include "base/cpu_limits.h"
#include "base/parse.h"
#include "cli/interruption.h"
#include "topology/hwloc_source.h"
#include "tuner/build_discovery.h"
#include "tuner/worker_location.h"

namespace blastune {
namespace {

constexpr int most_threads = 4096;

void tighten(std::optional<UserLimit>& limit, const char* variable) {
  const char* text = std::getenv(variable);
  if (text == nullptr) return;
  // What is no positive number is no limit to OpenBLAS either.
  const auto threads = parse_integer(text, 1, most_threads, variable);
  if (!threads || (limit && limit->threads <= *threads)) return;
  limit = UserLimit{static_cast<int>(*threads), std::string(variable) + "=" + text};
}

}  // namespace

Result<Target> find_target(const std::string& blas_file) {
  auto machine = read_machine_signature();
  if (!machine) return machine.error();
  auto worker = find_worker();
  if (!worker) return worker.error();
  WorkerProberOptions options;
  options.interrupted = [] { return Interruption::requested(); };
  if (!blas_file.empty()) {
    auto hello = identify_build(*worker, blas_file, options);
    if (!hello) return hello.error();
    return Target{*machine, *worker, blas_file, *hello};
  }
  DiscoveryOptions places = usual_places();
  places.worker_options = options;
  auto found = find_default_build(*worker, places);
  if (!found) return found.error();
  return Target{*machine, *worker, found->names.front(), found->hello};
}

Result<ThreadLimits> read_thread_limits() {
  HwlocTopologySource source;
  auto topology = source.read();
  if (!topology) return topology.error();
  ThreadLimits limits{std::move(*topology), {}};
  limits.capacity = capacity(limits.topology, read_cpu_limits());
  return limits;
}

std::optional<UserLimit> user_limit(Threading threading) {
  std::optional<UserLimit> limit;
  if (threading == Threading::openmp) {
    tighten(limit, "OMP_NUM_THREADS");
  } else {
    // The library takes the first of these that is set.
    for (const auto* variable : {"OPENBLAS_NUM_THREADS", "GOTO_NUM_THREADS", "OMP_NUM_THREADS"}) {
      tighten(limit, variable);
      if (limit) break;
    }
  }
  tighten(limit, "BLASTUNE_MAX_THREADS");
  return limit;
}

}  // namespace blastune
