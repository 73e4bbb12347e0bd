// SPDX-License-Identifier: BSD-3-Clause
#include "preload/stats_summary.h"

#include "blastune/blastune.h"

namespace blastune {
namespace {

struct Words {
  std::string_view key;
  std::string_view text;
};

// In the order of Why.
constexpr std::array<Words, why_count> words = {{
    {"disabled", "BLASTUNE_DISABLE is set"},
    {"no_table", "there is no table: `blastune tune` makes one"},
    {"bad_table", "the table cannot be read: `blastune doctor` says why"},
    {"foreign_machine", "the table is for another machine: run `blastune tune` on this one"},
    {"foreign_build", "the table is for other builds of OpenBLAS: run `blastune tune --blas` with this one"},
    {"no_openblas", "its function is no OpenBLAS's"},
    {"failed", "something failed, as for want of memory"},
    {"refused", "OpenBLAS refuses the call, or its vectors are too short for threads"},
    {"not_in_table", "the table has no such type of numbers: `blastune tune --dtype` measures it"},
    {"one_thread_anyway", "OpenBLAS makes it on one thread whatever its count"},
    {"count_cannot_be_set", "the count of this build cannot be set safely"},
    {"parallel_region", "it was made inside an OpenMP parallel region"},
    {"own_count_is_one", "the program's own count is one thread"},
    {"no_advice_for_routine", "there is no advice for this routine"},
}};

// Of a stamp that is a reason.
Why why_of(std::uint64_t reason) {
  switch (reason) {
    case BLASTUNE_DISABLED:
      return Why::disabled;
    case BLASTUNE_NO_TABLE:
      return Why::no_table;
    case BLASTUNE_BAD_TABLE:
      return Why::bad_table;
    case BLASTUNE_FOREIGN_MACHINE:
      return Why::foreign_machine;
    case BLASTUNE_FOREIGN_BUILD:
      return Why::foreign_build;
    case BLASTUNE_NO_OPENBLAS:
      return Why::no_openblas;
    default:
      return Why::failed;
  }
}

constexpr std::uint64_t largest_reason = 255;

bool has_reason(const CallCase& of) {
  return of.stamp <= largest_reason;
}

// Why calls of that case that were not set are what they are.
Why why_left_alone(const CallCase& of, const CaseFacts& facts) {
  switch (of.kind) {
    case CallKind::no_openblas:
      return why_of(of.stamp);
    case CallKind::refused:
      return Why::refused;
    case CallKind::small:
      return Why::one_thread_anyway;
    default:
      break;
  }
  if (has_reason(of) && of.stamp == BLASTUNE_DISABLED) return Why::disabled;
  if (!facts.can_be_set) return Why::count_cannot_be_set;
  return facts.limit == 1 ? Why::own_count_is_one : Why::parallel_region;
}

// Why there is no advice for calls of that case.
Why why_no_advice(const CallCase& of) {
  if (of.kind == CallKind::limited) return Why::no_advice_for_routine;
  return has_reason(of) ? why_of(of.stamp) : Why::not_in_table;
}

double seconds_of(const CaseRow& row) {
  return static_cast<double>(row.nanoseconds()) * 1e-9;
}

}  // namespace

std::string_view key_of(Why why) {
  return words[static_cast<std::size_t>(why)].key;
}

std::string_view explain(Why why) {
  return words[static_cast<std::size_t>(why)].text;
}

RowSummary summarise(const CaseRow& row) {
  const CaseFacts& facts = row.facts();
  std::uint64_t counted = row.calls_with_more_counts();
  std::uint64_t as_advised = 0;
  for (std::size_t i = 0; i < CaseRow::most_counts; ++i) {
    const CaseRow::Count count = row.count(i);
    counted += count.calls;
    if (facts.advised > 0 && count.threads == facts.advised) as_advised += count.calls;
  }
  RowSummary summary;
  summary.calls = counted + row.calls_without_count();
  summary.seconds = seconds_of(row);
  summary.left_alone = row.calls_without_count();
  summary.why = why_left_alone(row.of(), facts);
  summary.no_advice = why_no_advice(row.of());
  const bool has_advice = row.of().kind != CallKind::limited && !has_reason(row.of()) && facts.advised > 0;
  (has_advice ? summary.advised : summary.limits_only) = counted;
  if (facts.expected_seconds > 0 && facts.default_seconds > 0)
    summary.saved_seconds =
        static_cast<double>(as_advised) * (facts.default_seconds - facts.expected_seconds);
  return summary;
}

Summary summarise(const CallAccount& account) {
  Summary all;
  for (std::size_t i = 0; i < account.size(); ++i) {
    if (!account[i].is_used()) continue;
    const RowSummary row = summarise(account[i]);
    if (row.calls == 0) continue;
    ++all.cases;
    all.calls += row.calls;
    all.advised += row.advised;
    all.limits_only[static_cast<std::size_t>(row.no_advice)] += row.limits_only;
    all.left_alone[static_cast<std::size_t>(row.why)] += row.left_alone;
    all.seconds += row.seconds;
    all.saved_seconds += row.saved_seconds;
  }
  all.others = summarise(account.others()).calls;
  all.calls += all.others;
  all.seconds += seconds_of(account.others());
  return all;
}

}  // namespace blastune
