// SPDX-License-Identifier: BSD-3-Clause
#include "client/settings.h"

#include <string_view>

#include "base/parse.h"
#include "base/runtime_directory.h"

namespace blastune {
namespace {

constexpr int largest_cap = 65535;

std::string_view text_of(const char* value) {
  return value == nullptr ? std::string_view() : std::string_view(value);
}

bool says_no(std::string_view value) {
  return value.empty() || value == "0" || value == "no" || value == "off" || value == "false";
}

}  // namespace

Settings read_settings(const Environment& environment) {
  Settings settings;
  settings.disabled = !says_no(text_of(environment("BLASTUNE_DISABLE")));
  const std::string_view log = text_of(environment("BLASTUNE_LOG"));
  if (!says_no(log)) settings.log = log == "2" ? LogLevel::shapes : LogLevel::changes;
  const std::string_view load = text_of(environment("BLASTUNE_LOAD"));
  if (load == "look")
    settings.load.feels = false;
  else if (load == "feel")
    settings.load.looks = false;
  else if (!load.empty() && says_no(load))
    settings.load = {false, false};
  const std::string_view feedback = text_of(environment("BLASTUNE_FEEDBACK"));
  settings.learns = feedback.empty() ? settings.load.feels : !says_no(feedback);
  settings.runtime_directory = runtime_directory_of(environment("BLASTUNE_RUNTIME_DIR"));
  const std::string_view cap = text_of(environment("BLASTUNE_MAX_THREADS"));
  if (!cap.empty()) {
    const Result<std::int64_t> count = parse_integer(cap, 1, largest_cap, "BLASTUNE_MAX_THREADS");
    if (count)
      settings.max_threads = static_cast<int>(*count);
    else
      settings.complaint = count.error().text();
  }
  return settings;
}

}  // namespace blastune
