// SPDX-License-Identifier: BSD-3-Clause
//
// For tests of PresentLoad: a machine that is written into files, and a clock that is set.
#pragma once

#include <gtest/gtest.h>

#include <cstdint>
#include <filesystem>
#include <fstream>
#include <string>

#include "client/present_load.h"
#include "tests/base/temporary_directory.h"

namespace blastune {

inline std::int64_t now_nanoseconds = 0;
inline double own_seconds = 0;

// Four processors, and what others and this process do on them.
class PresentLoadTest : public testing::Test {
 protected:
  void SetUp() override {
    std::filesystem::create_directories(tasks_ + "/1");
    edges_.stat = stat_.c_str();
    edges_.tasks = tasks_.c_str();
    edges_.loadavg = loadavg_.c_str();
    edges_.nanoseconds = [] { return now_nanoseconds; };
    edges_.own_seconds = [] { return own_seconds; };
    now_nanoseconds = 1'000'000'000;
    own_seconds = 0;
    write();
  }

  void write() {
    const auto user = static_cast<long>(busy_ * 100 + 0.5);
    const auto nice = static_cast<long>(nice_ * 100 + 0.5);
    std::ofstream stat(stat_);
    stat << "cpu  " << user << " " << nice << " 0 1000 0 0 0 0 0 0\n";
    for (int i = 0; i < 4; ++i)
      stat << "cpu" << i << " " << user / 4 << " " << nice / 4 << " 0 250 0 0 0 0 0 0\n";
    stat << "intr 1\n";
    if (counts_waits_)
      std::ofstream(tasks_ + "/1/schedstat") << "1 " << static_cast<std::int64_t>(waited_ * 1e9) << " 1\n";
  }

  void pass(double seconds, double own, double others, double yielding = 0) {
    now_nanoseconds += static_cast<std::int64_t>(seconds * 1e9);
    own_seconds += own * seconds;
    busy_ += (own + others) * seconds;
    nice_ += yielding * seconds;
    write();
  }

  TemporaryDirectory directory_;
  std::string stat_ = directory_.path("stat");
  std::string tasks_ = directory_.path("task");
  std::string loadavg_ = directory_.path("loadavg");  // not there, unless a case writes it
  LoadEdges edges_;
  double busy_ = 100;
  double nice_ = 10;
  double waited_ = 0;
  bool counts_waits_ = true;
};

}  // namespace blastune
