// SPDX-License-Identifier: BSD-3-Clause
//
// What a command is about: this machine, one OpenBLAS build, and how many threads may be used.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "base/machine_signature.h"
#include "base/result.h"
#include "model/build.h"
#include "model/worker_protocol.h"
#include "topology/capacity.h"
#include "topology/topology.h"

namespace blastune {

struct Target {
  MachineSignature machine;
  std::string worker;     // the worker program
  std::string blas_file;  // what it loads
  WorkerHello library;    // what that is
};

// blas_file empty: the OpenBLAS that programs get which ask for it by its usual name.
Result<Target> find_target(const std::string& blas_file);

struct ThreadLimits {
  Topology topology;
  Capacity capacity;
};

// Of this machine and process.
Result<ThreadLimits> read_thread_limits();

// A bound on the count, and who set it ("OPENBLAS_NUM_THREADS=2").
struct UserLimit {
  int threads = 0;
  std::string source;
};

// The tightest of BLASTUNE_MAX_THREADS and of the variables that such a build obeys: the first of
// OPENBLAS_NUM_THREADS, GOTO_NUM_THREADS and OMP_NUM_THREADS for pthread builds, OMP_NUM_THREADS and
// OMP_THREAD_LIMIT for OpenMP builds.
[[nodiscard]] std::optional<UserLimit> user_limit(Threading threading);

}  // namespace blastune
