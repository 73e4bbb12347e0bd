// SPDX-License-Identifier: BSD-3-Clause
//
// Which OpenBLAS builds are on this machine. Every candidate is loaded in a worker of its own, so a library
// that crashes or hangs while it loads costs a moment and becomes a finding.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <vector>

#include "base/result.h"
#include "model/worker_protocol.h"
#include "tuner/readiness.h"
#include "tuner/worker_launch.h"
#include "tuner/worker_prober.h"

namespace blastune {

struct FoundBuild {
  WorkerHello hello;
  // Every name and file that leads to it: what the loader searches for first, then paths.
  std::vector<std::string> names;
  bool is_default = false;  // what a program gets that asks for OpenBLAS by its usual name
};

struct UnusableLibrary {
  std::string name;
  Error error;
};

// Whether it may be otherwise the next time: what the system refused just now, and workers that were killed
// or took too long. What a library says of itself, and what its file is, stays.
[[nodiscard]] bool may_pass(const Error& error);

struct Discovery {
  std::vector<FoundBuild> builds;  // the default first
  std::vector<UnusableLibrary> unusable;
};

struct DiscoveryOptions {
  // Bare names, in the order of who is the default.
  std::vector<std::string> names = {"libopenblas.so.0", "libblas.so.3"};
  // Searched for files named libopenblas*.so*, with their folders named openblas*.
  std::vector<std::string> directories;
  // Further files, named by the user or found in Python packages.
  std::vector<std::string> files;
  WorkerProberOptions worker_options;
};

// Directories and files where this machine's systems and its $LD_LIBRARY_PATH keep libraries, and where
// Python packages in the usual places bring their own.
[[nodiscard]] DiscoveryOptions usual_places();

// The candidates in these directories, links resolved, each once, ascending.
[[nodiscard]] std::vector<std::string> libraries_in(const std::vector<std::string>& directories);

// The search itself, which never waits but for the directories (readiness.h; child_process.h): one candidate
// after the other. For one thread at a time.
class BuildSearch {
 public:
  enum class Wanted { every_build, first_build };

  BuildSearch(std::string worker, DiscoveryOptions options, Wanted wanted = Wanted::every_build);

  // What there is, once; nothing as long as it searches. Fails only when the worker cannot be started at all.
  std::optional<Result<Discovery>> advance();
  [[nodiscard]] int ready_fd() const { return ready_.fd(); }
  [[nodiscard]] double deadline() const { return launch_ ? launch_->deadline() : 0; }

 private:
  std::optional<std::string> next_candidate();
  Result<void> start(const std::string& candidate);
  Result<void> note(Result<WorkerHello> hello);

  std::string worker_;
  WorkerProberOptions worker_options_;
  Wanted wanted_;
  std::vector<std::string> candidates_;  // names, then files
  std::size_t names_;
  std::size_t next_ = 0;
  std::string candidate_;  // being loaded
  ReadySet ready_;         // of its worker
  std::optional<WorkerLaunch> launch_;
  Discovery discovery_;
};

// Fails only when the worker cannot be started at all or the user interrupted; finding nothing is an answer.
Result<Discovery> discover_builds(const std::string& worker, const DiscoveryOptions& options);

// Only the default: the first of the names that is a usable OpenBLAS, else the first library found.
// not_found when there is none.
Result<FoundBuild> find_default_build(const std::string& worker, const DiscoveryOptions& options);

}  // namespace blastune
