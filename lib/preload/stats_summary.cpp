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
    {"refused", "OpenBLAS refuses the call, or it is too small to count"},
    {"not_in_table", "the table has no such type of numbers: `blastune tune --dtype` measures it"},
    {"one_thread_anyway", "OpenBLAS makes it on one thread whatever its count"},
    {"count_cannot_be_set", "the count of this build cannot be set safely"},
    {"parallel_region", "it was made inside an OpenMP parallel region"},
    {"nothing_to_limit", "there is no advice for it, and others left all processors free"},
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

// For all calls of that case, whatever their count.
bool never_advised(const CallCase& of, const CaseFacts& facts, Why& why) {
  const bool has_reason = of.stamp <= largest_reason;
  if (of.kind == CallKind::limited && !has_reason) return false;
  if (of.kind == CallKind::refused)
    why = Why::refused;
  else if (has_reason)
    why = why_of(of.stamp);
  else if (of.kind == CallKind::gemm && facts.is_small)
    why = Why::one_thread_anyway;
  else if (!facts.can_be_set)
    why = Why::count_cannot_be_set;
  else if (of.kind != CallKind::limited && facts.advised == 0)
    why = Why::not_in_table;
  else
    return false;
  return true;
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
  if (never_advised(row.of(), facts, summary.why)) {
    summary.left_alone = summary.calls;
    return summary;
  }
  const bool is_limited = row.of().kind == CallKind::limited;
  summary.why = is_limited ? Why::nothing_to_limit : Why::parallel_region;
  summary.left_alone = row.calls_without_count();
  (is_limited ? summary.kept : summary.advised) = counted;
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
    all.kept += row.kept;
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
