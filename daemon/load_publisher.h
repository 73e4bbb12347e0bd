// SPDX-License-Identifier: BSD-3-Clause
//
// Shows everybody how the processors are used, in the page of load/load_page.h. One thread.
#pragma once

#include <optional>
#include <string>

#include "base/file_system.h"
#include "daemon/log.h"
#include "load/load_page.h"
#include "load/processor_use.h"

namespace blastune {

// When the page is written. Pure. While the machine is used, as often as those who follow the load look; an
// idle machine is woken rarely, and who works on it then looks for himself until that was seen.
class PublishingPace {
 public:
  static constexpr double used_seconds = 0.1;
  static constexpr double idle_seconds = 2;
  static constexpr double retry_seconds = 60;
  static constexpr double used_processors = 0.5;

  // now: seconds that never step back.
  void published(double now, const ProcessorUse& use);
  void failed(double now);
  [[nodiscard]] double seconds_until_due(double now) const { return due_ > now ? due_ - now : 0; }

 private:
  double due_ = 0;
  std::optional<double> published_;
  double busy_seconds_ = 0;
};

class LoadPublisher {
 public:
  // stat: /proc/stat, but for tests. files and log outlive it.
  LoadPublisher(FileSystem& files, Log& log, std::string directory, std::string stat)
      : files_(files), log_(log), directory_(std::move(directory)), stat_(std::move(stat)) {}

  // Writes the page if that is due; the seconds until the next time. A page that cannot be made or filled is
  // told of once, and tried again. now: seconds of CLOCK_MONOTONIC.
  double publish_when_due(double now);

 private:
  Result<ProcessorUse> publish(double now);

  FileSystem& files_;
  Log& log_;
  std::string directory_;
  std::string stat_;
  PublishingPace pace_;
  std::optional<LoadPageWriter> page_;
  bool told_ = false;
};

}  // namespace blastune
