// SPDX-License-Identifier: BSD-3-Clause
#include "cli/target.h"

#include <cstdlib>
#include <filesystem>
#include <string_view>
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

// As the libraries read it: blanks, a sign, digits, and whatever follows ("4", " 4", "4,2", "4abc"). What
// begins with no positive number is no limit to them either.
std::optional<int> leading_count(std::string_view text) {
  const auto start = text.find_first_not_of(" \t\n\v\f\r");
  if (start == std::string_view::npos) return std::nullopt;
  text.remove_prefix(start);
  if (text.starts_with('+')) text.remove_prefix(1);
  const auto digits = text.substr(0, text.find_first_not_of("0123456789"));
  if (digits.empty()) return std::nullopt;
  const auto count = parse_integer(digits, 1, most_threads, "a count");
  if (!count) return std::nullopt;
  return static_cast<int>(*count);
}

// True when the variable bounds the count.
bool tighten(std::optional<UserLimit>& limit, const char* variable) {
  const char* text = std::getenv(variable);
  if (text == nullptr) return false;
  const auto threads = leading_count(text);
  if (!threads) return false;
  if (!limit || *threads < limit->threads) limit = UserLimit{*threads, std::string(variable) + "=" + text};
  return true;
}

// A file here that the user named, or else a name for the loader to search.
std::string named_file(const std::string& blas_file) {
  std::error_code problem;
  if (blas_file.find('/') != std::string::npos || !std::filesystem::exists(blas_file, problem))
    return blas_file;
  const auto absolute = std::filesystem::absolute(blas_file, problem);
  return problem ? blas_file : absolute.string();
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
    const std::string file = named_file(blas_file);
    auto hello = identify_build(*worker, file, options);
    if (!hello) return hello.error();
    return Target{*machine, *worker, file, *hello};
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
  if (!topology->this_system) {
    return Error{ErrorKind::usage,
                 topology->origin + " describes another machine than the one that runs this",
                 "unset it; only `blastune topology` looks at other machines"};
  }
  ThreadLimits limits{std::move(*topology), {}};
  limits.capacity = capacity(limits.topology, read_cpu_limits());
  return limits;
}

std::optional<UserLimit> user_limit(Threading threading) {
  std::optional<UserLimit> limit;
  if (threading == Threading::openmp) {
    tighten(limit, "OMP_NUM_THREADS");
    tighten(limit, "OMP_THREAD_LIMIT");
  } else {
    // The library takes the first of these that is set.
    for (const auto* variable : {"OPENBLAS_NUM_THREADS", "GOTO_NUM_THREADS", "OMP_NUM_THREADS"}) {
      if (tighten(limit, variable)) break;
    }
  }
  tighten(limit, "BLASTUNE_MAX_THREADS");
  return limit;
}

}  // namespace blastune
