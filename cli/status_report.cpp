// SPDX-License-Identifier: BSD-3-Clause
#include "cli/status_report.h"

#include <fmt/core.h>

#include <algorithm>
#include <cmath>
#include <nlohmann/json.hpp>
#include <utility>

#include "base/parse.h"
#include "cli/format.h"
#include "control/control_message.h"

namespace blastune {
namespace {

using Json = nlohmann::ordered_json;

constexpr int schema_version = 1;

std::string dump(const Json& json) {
  return json.dump(-1, ' ', false, Json::error_handler_t::replace) + "\n";
}

std::string ago(std::int64_t unix_seconds, std::int64_t now_unix) {
  return unix_seconds == 0 ? "never" : age_text(now_unix - unix_seconds) + " ago";
}

// "on 3 occasions, last 2 hours ago", "never".
std::string when_measured(std::int64_t occasions, std::int64_t unix_seconds, std::int64_t now_unix) {
  if (unix_seconds == 0) return "never";
  return fmt::format("on {}, last {}", count_text(occasions, "occasion"), ago(unix_seconds, now_unix));
}

// "in 5 seconds"; a moment is not worth a number.
std::string in_time(double seconds) {
  return seconds < 1 ? "now" : "in " + age_text(std::llround(seconds));
}

// "12.5 s"; no units below a millisecond.
std::string spent_text(double seconds) {
  return seconds < 1e-3 ? "0 s" : seconds_text(seconds);
}

// "measuring", "nothing to tune".
std::string words_of(std::string_view name) {
  std::string words(name);
  std::ranges::replace(words, '_', ' ');
  return words;
}

// What it does and why, in the daemon's own sentence where it says one.
std::string sentence(const DaemonStatus& status) {
  if (!status.doing.empty()) return printable(status.doing);
  std::string text = words_of(name(status.activity));
  if (status.wait_reason != WaitReason::none) text += ": " + words_of(name(status.wait_reason));
  return text;
}

void add_spending(std::string& text, const DaemonStatus& status) {
  const SpentTime& spent = status.spent;
  text += fmt::format(
      "spent {} of processor time in the last hour, {} since its start; may spend {} an hour besides first "
      "runs\n",
      spent_text(spent.last_hour), spent_text(spent.since_start), spent_text(spent.allowed_per_hour));
  text += fmt::format("measured in {}", count_text(status.slices, "slice"));
  if (status.disturbed_slices > 0) {
    text += fmt::format(", {} of them disturbed and thrown away", status.disturbed_slices);
  }
  if (status.lost_bursts > 0) text += fmt::format(", {} lost", count_text(status.lost_bursts, "burst"));
  text += '\n';
}

void add_build(std::string& text, const DaemonStatus& status, const BuildStatus& build,
               const Palette& palette) {
  text += fmt::format("\n{}{}{}{}, {}\n", palette.bold, printable(build.description), palette.off,
                      build.is_default ? ", the default" : "", name(build.state));
  text += fmt::format(
      "  {}{}\n", printable(build.path),
      build.names.empty()
          ? std::string()
          : fmt::format(" and {}", count_text(static_cast<std::int64_t>(build.names.size()), "more name")));
  if (!build.reason.empty()) text += fmt::format("  {}\n", printable(build.reason));
  if (build.state == BuildState::unusable) return;
  const std::int64_t uncertain = std::max<std::int64_t>(build.gemms - build.settled, 0);
  text += fmt::format("  {}, {} of {} still uncertain; measured {}, checked {}",
                      count_text(build.curves, "curve"), uncertain, count_text(build.gemms, "gemm"),
                      when_measured(build.occasions, build.measured_unix, status.now_unix),
                      ago(build.checked_unix, status.now_unix));
  if (build.drifted_last_check > 0) text += fmt::format(" with {} drifted", build.drifted_last_check);
  if (build.next_check_seconds) text += fmt::format("; next check {}", in_time(*build.next_check_seconds));
  text += '\n';
}

void add_warning(std::string& text, const std::string& warning, const Palette& palette) {
  text += fmt::format("{}warning:{} {}\n", palette.warning, palette.off, printable(warning));
}

std::string joined(const std::vector<std::string>& texts) {
  std::string all;
  for (const auto& text : texts) all += (all.empty() ? "" : ", ") + printable(text);
  return all.empty() ? "none" : all;
}

}  // namespace

std::string status_text(const DaemonStatus& status, const Palette& palette) {
  std::string text = fmt::format("blastuned {}, process {}, running for {}\n", printable(status.version),
                                 status.process_id, age_text(status.now_unix - status.started_unix));
  text += fmt::format("{}{}{}", palette.bold, sentence(status), palette.off);
  if (status.wait_seconds) text += fmt::format("; looks again {}", in_time(*status.wait_seconds));
  text += '\n';
  add_spending(text, status);
  text +=
      fmt::format("table {}, configuration {}\n", printable(status.table_path), joined(status.config_files));
  for (const auto& build : status.builds) add_build(text, status, build, palette);
  const bool troubled =
      !status.unusable.empty() || !status.last_save_error.empty() || !status.config_warnings.empty();
  if (troubled) text += '\n';
  if (!status.last_save_error.empty()) {
    add_warning(text, "the table could not be saved: " + status.last_save_error, palette);
  }
  for (const auto& warning : status.config_warnings) add_warning(text, warning, palette);
  for (const auto& library : status.unusable) {
    add_warning(text, library.name + " cannot be tuned: " + library.reason, palette);
  }
  return text;
}

std::string change_text(const DaemonStatus& status) {
  std::int64_t uncertain = 0;
  for (const auto& build : status.builds) uncertain += std::max<std::int64_t>(build.gemms - build.settled, 0);
  std::string text = fmt::format("{}; {}, {} uncertain", sentence(status),
                                 count_text(static_cast<std::int64_t>(status.builds.size()), "build"),
                                 count_text(uncertain, "gemm"));
  if (!status.last_save_error.empty()) {
    text += "; the table could not be saved: " + printable(status.last_save_error);
  }
  return text;
}

std::string change_key(const DaemonStatus& status) {
  Json key{status.version,           status.process_id,      name(status.activity),
           name(status.wait_reason), status.last_save_error, status.config_warnings};
  for (const auto& build : status.builds) key.push_back({build.path, build.build_id, name(build.state)});
  for (const auto& library : status.unusable) key.push_back({library.name, library.reason});
  return dump(key);
}

std::string tables_text(const std::vector<FoundTable>& tables, std::int64_t now_unix,
                        const Palette& palette) {
  std::string text;
  for (const auto& [path, of_this_machine, table] : tables) {
    text += fmt::format("{}{}{}{}\n", palette.bold, describe(table.build), palette.off,
                        of_this_machine ? "" : ", another machine: " + printable(describe(table.machine)));
    text += fmt::format("  {}: {} measured in {} {}, checked {}\n", printable(path),
                        count_text(static_cast<std::int64_t>(table.curves.size()), "curve"),
                        seconds_text(table.spent_seconds),
                        when_measured(table.occasions, table.measured_unix, now_unix),
                        ago(table.checked_unix, now_unix));
  }
  return text;
}

std::string status_json(const DaemonStatus& status) {
  // What encode() writes is JSON.
  const Json reply = Json::parse(encode(status), nullptr, false);
  return dump({{"schema", schema_version}, {"daemon", reply.value("status", Json())}, {"tables", nullptr}});
}

std::string tables_json(const std::vector<FoundTable>& tables) {
  Json all = Json::array();
  for (const auto& [path, of_this_machine, table] : tables) {
    all.push_back({{"path", path},
                   {"of_this_machine", of_this_machine},
                   {"machine", describe(table.machine)},
                   {"build", describe(table.build)},
                   {"build_id", table.build.build_id},
                   {"curves", table.curves.size()},
                   {"measured_unix", table.measured_unix},
                   {"checked_unix", table.checked_unix},
                   {"occasions", table.occasions},
                   {"spent_seconds", table.spent_seconds}});
  }
  return dump({{"schema", schema_version}, {"daemon", nullptr}, {"tables", std::move(all)}});
}

}  // namespace blastune
