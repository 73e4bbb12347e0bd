// SPDX-License-Identifier: BSD-3-Clause
//
// What lies around the service and, when it changes, makes its tables doubtful: the OpenBLAS files, the
// processors, the limits, the governors, a suspension. Reading takes some 3 ms, most of
// it for listing the libraries' directories, and never fails: what cannot be read or understood is absent,
// and what is absent has not changed. The clocks that an administrator can set are not looked at.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "base/machine_signature.h"
#include "tuner/build_discovery.h"

namespace blastune {

struct SurroundingsPaths {
  KernelPaths kernel;
  std::string loader_cache = "/etc/ld.so.cache";
};

// Enough of a file to see that it is another one, without reading it.
struct FileTrace {
  std::string target;  // where the name leads when all links are followed, update-alternatives' among them
  dev_t device = 0;
  ino_t inode = 0;
  std::int64_t size = 0;
  std::int64_t modified_ns = 0;

  bool operator==(const FileTrace&) const = default;
};

struct Surroundings {
  std::map<std::string, FileTrace> libraries;  // by name
  std::optional<FileTrace> loader_cache;
  std::vector<int> online;                            // processors, ascending
  std::vector<int> affinity;                          // that this service may run on, ascending
  std::optional<double> quota_cores;                  // nothing: no limit
  std::map<std::string, std::string> speed_settings;  // by their files: governors, preferences, turbo
  double suspended_seconds = 0;                       // since the machine was started

  bool operator==(const Surroundings&) const = default;
};

// places: as discovery is given them; usual_places() called anew sees packages that came meanwhile.
[[nodiscard]] Surroundings read_surroundings(const DiscoveryOptions& places,
                                             const SurroundingsPaths& paths = {});

}  // namespace blastune
