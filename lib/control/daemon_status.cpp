// SPDX-License-Identifier: BSD-3-Clause
#include "control/daemon_status.h"

#include <array>
#include <cstddef>

#include "control/enum_names.h"

namespace blastune {
namespace {

// In the order of their values.
constexpr std::array<std::string_view, 7> activity_names = {
    "starting", "searching", "measuring", "checking", "waiting", "settled", "nothing_to_tune"};
constexpr std::array<std::string_view, 14> wait_reason_names = {
    "none",   "others_busy", "steal",   "pressure",   "throttled",     "thermal",      "battery",
    "budget", "disturbed",   "failing", "no_library", "one_processor", "cannot_write", "table_in_use"};
constexpr std::array<std::string_view, 5> build_state_names = {"waiting", "measuring", "checking", "settled",
                                                               "unusable"};
static_assert(activity_names.size() == static_cast<std::size_t>(Activity::nothing_to_tune) + 1);
static_assert(wait_reason_names.size() == static_cast<std::size_t>(WaitReason::table_in_use) + 1);
static_assert(build_state_names.size() == static_cast<std::size_t>(BuildState::unusable) + 1);

}  // namespace

std::string_view name(Activity activity) {
  return name_in(activity_names, activity);
}
std::optional<Activity> activity_from_name(std::string_view text) {
  return find_in<Activity>(activity_names, text);
}

std::string_view name(WaitReason reason) {
  return name_in(wait_reason_names, reason);
}
std::optional<WaitReason> wait_reason_from_name(std::string_view text) {
  return find_in<WaitReason>(wait_reason_names, text);
}

std::string_view name(BuildState state) {
  return name_in(build_state_names, state);
}
std::optional<BuildState> build_state_from_name(std::string_view text) {
  return find_in<BuildState>(build_state_names, text);
}

}  // namespace blastune
