// SPDX-License-Identifier: BSD-3-Clause
//
// What the counted calls come to: with whose count they ran, why not with the table's, and what that saved by
// the table's own expectation. Pure; nothing allocates.
//
// Every call is one of: advised; with limits only, because there is no advice for it; left alone, because
// nothing can or need be set; or one of the others that found no row.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "preload/stats_account.h"

namespace blastune {

// Why a call was left alone, or had limits only.
enum class Why : std::uint8_t {
  disabled,
  no_table,
  bad_table,
  foreign_machine,
  foreign_build,
  no_openblas,
  failed,
  refused,
  not_in_table,
  one_thread_anyway,
  count_cannot_be_set,
  parallel_region,
  own_count_is_one,
  no_advice_for_routine,
};
inline constexpr std::size_t why_count = 14;

// As JSON says it: "no_table".
[[nodiscard]] std::string_view key_of(Why why);
// For people, with what to do about it where something can be done.
[[nodiscard]] std::string_view explain(Why why);

struct RowSummary {
  std::uint64_t calls = 0;
  std::uint64_t advised = 0;
  std::uint64_t limits_only = 0;
  Why no_advice = Why::refused;  // why it had limits only
  std::uint64_t left_alone = 0;
  Why why = Why::refused;    // why it was left alone
  double seconds = 0;        // that all calls took, their waiting for each other included
  double saved_seconds = 0;  // by those that ran with the very count that is advised
};
[[nodiscard]] RowSummary summarise(const CaseRow& row);

struct Summary {
  std::uint64_t calls = 0;
  std::uint64_t advised = 0;
  std::array<std::uint64_t, why_count> limits_only{};  // by Why
  std::array<std::uint64_t, why_count> left_alone{};   // by Why
  std::uint64_t others = 0;
  std::size_t cases = 0;
  double seconds = 0;
  double saved_seconds = 0;
};
[[nodiscard]] Summary summarise(const CallAccount& account);

}  // namespace blastune
