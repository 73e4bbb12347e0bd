// SPDX-License-Identifier: BSD-3-Clause
//
// Statuses to send and print.
#pragma once

#include <random>
#include <string>
#include <vector>

#include "control/daemon_status.h"

namespace blastune::testing {

inline DaemonStatus sample_status() {
  DaemonStatus status;
  status.version = "0.1.0";
  status.process_id = 812;
  status.started_unix = 1'700'000'000;
  status.now_unix = 1'700'011'000;
  status.activity = Activity::waiting;
  status.wait_reason = WaitReason::others_busy;
  status.doing = "waits, since others use 1.8 of 2 processors";
  status.wait_seconds = 5;
  status.spent = {0.01, 36, 12.5, 95.25, 60};
  status.slices = 120;
  status.disturbed_slices = 3;
  status.lost_bursts = 2;
  status.table_path = "/var/cache/blastune/table.json";
  status.config_files = {"/etc/blastune/blastune.json"};
  BuildStatus build;
  build.description = "OpenBLAS 0.3.21 pthread (Zen)";
  build.build_id = "0123abcd";
  build.path = "/usr/lib/x86_64-linux-gnu/openblas-pthread/libblas.so.3";
  build.is_default = true;
  build.state = BuildState::measuring;
  build.curves = 812;
  build.gemms = 824;
  build.settled = 800;
  build.spent_seconds = 61.5;
  build.measured_unix = status.now_unix - 3 * 3600;
  build.occasions = 4;
  build.checked_unix = status.now_unix - 240;
  build.drifted_last_check = 1;
  build.next_check_seconds = 2400;
  status.builds = {build};
  return status;
}

class RandomStatus {
 public:
  explicit RandomStatus(unsigned seed) : random_(seed) {}

  DaemonStatus next() {
    DaemonStatus status;
    for (auto* one : {&status.version, &status.doing, &status.table_path, &status.last_save_error}) {
      *one = text();
    }
    for (auto* number : {&status.process_id, &status.started_unix, &status.now_unix, &status.slices,
                         &status.disturbed_slices, &status.lost_bursts}) {
      *number = integer();
    }
    status.activity = static_cast<Activity>(below(7));
    status.wait_reason = static_cast<WaitReason>(below(14));
    status.wait_seconds = maybe();
    status.spent = {seconds(), seconds(), seconds(), seconds(), seconds()};
    status.config_files = texts();
    status.config_warnings = texts();
    for (auto left = below(4); left > 0; --left) status.builds.push_back(build());
    for (auto left = below(4); left > 0; --left) status.unusable.push_back({text(), text()});
    return status;
  }

 private:
  std::uint64_t below(std::uint64_t end) { return random_() % end; }
  std::int64_t integer() { return static_cast<std::int64_t>(random_() >> (1 + below(63))); }
  double seconds() {
    return static_cast<double>(random_()) / static_cast<double>(1 + below(1U << 30U)) / 1e7;
  }
  std::optional<double> maybe() { return below(2) == 0 ? std::nullopt : std::optional(seconds()); }
  std::string text() {
    static const std::vector<std::string> pieces{
        "a",          "\"", "\\", "\n", "\t",  std::string(1, '\0'), "\x1b[1m", "\u00e9", "\u20ac",
        "\U0001F600", "{",  "]",  " ",  "\x7f"};
    std::string made;
    for (auto left = below(12); left > 0; --left) made += pieces[below(pieces.size())];
    return made;
  }
  std::vector<std::string> texts() {
    std::vector<std::string> all(below(4));
    for (auto& one : all) one = text();
    return all;
  }
  BuildStatus build() {
    BuildStatus build;
    for (auto* one : {&build.description, &build.build_id, &build.path, &build.reason}) *one = text();
    for (auto* number : {&build.curves, &build.gemms, &build.settled, &build.occasions, &build.measured_unix,
                         &build.checked_unix, &build.drifted_last_check}) {
      *number = integer();
    }
    build.names = texts();
    build.is_default = below(2) == 0;
    build.state = static_cast<BuildState>(below(5));
    build.spent_seconds = seconds();
    build.next_check_seconds = maybe();
    return build;
  }

  std::mt19937_64 random_;
};

}  // namespace blastune::testing
