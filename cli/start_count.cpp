// SPDX-License-Identifier: BSD-3-Clause
#include "cli/start_count.h"

#include <string_view>

namespace blastune {

std::optional<int> start_count(const CpuLimits& limits,
                               const std::function<const char*(const char*)>& variable) {
  if (!limits.quota_cores) return std::nullopt;
  // Of a program that `run` has started already, the count is that one's and may be another quota's.
  const char* started = variable(start_count_variable);
  const char* own = variable("OPENBLAS_NUM_THREADS");
  const bool is_ours = started != nullptr && own != nullptr && std::string_view(started) == own;
  if (own != nullptr && !is_ours) return std::nullopt;
  for (const char* name : {"GOTO_NUM_THREADS", "OMP_NUM_THREADS"}) {
    if (variable(name) != nullptr) return std::nullopt;
  }
  const int allowed = threads_of_quota(*limits.quota_cores);
  CpuLimits without_quota = limits;
  without_quota.quota_cores.reset();
  return allowed < usable_processors(without_quota) ? std::optional(allowed) : std::nullopt;
}

}  // namespace blastune
