// SPDX-License-Identifier: BSD-3-Clause
#include "preload/stats_report.h"

#include <algorithm>
#include <array>
#include <numeric>
#include <string_view>

#include "blastune/blastune.h"

namespace blastune {
namespace {

std::string_view letter_of(std::int8_t transpose) {
  return transpose == BLASTUNE_NO_TRANS ? "N" : transpose == BLASTUNE_TRANS ? "T" : "C";
}

std::string_view basis_of(std::int8_t basis) {
  return basis == BLASTUNE_BASIS_MEASURED       ? "measured"
         : basis == BLASTUNE_BASIS_INTERPOLATED ? "interpolated"
                                                : "none";
}

bool has_shape(CallKind kind) {
  return kind == CallKind::gemm || kind == CallKind::level3;
}

void add_json_counts(TextBuffer& out, const CaseRow& row) {
  out.add(",\"threads\":{");
  bool is_first = true;
  for (std::size_t i = 0; i < CaseRow::most_counts; ++i) {
    const CaseRow::Count count = row.count(i);
    if (count.calls == 0) continue;
    out.add(is_first ? "\"" : ",\"").add_signed(count.threads).add("\":").add(count.calls);
    is_first = false;
  }
  out.add("}");
  if (row.calls_with_more_counts() > 0)
    out.add(",\"calls_with_further_counts\":").add(row.calls_with_more_counts());
}

void add_json_row(TextBuffer& out, const CaseRow& row, const RowSummary& summary) {
  const CallCase& of = row.of();
  const CaseFacts& facts = row.facts();
  out.add("{\"routine\":").add_json_text(of.routine.text().data());
  out.add(",\"dtype\":").add_json_text(of.routine.dtype());
  if (has_shape(of.kind)) {
    out.add(",\"transpose\":\"").add(letter_of(of.trans_a)).add(letter_of(of.trans_b)).add("\"");
    out.add(",\"m\":").add_signed(of.m).add(",\"n\":").add_signed(of.n).add(",\"k\":").add_signed(of.k);
  }
  out.add(",\"calls\":").add(summary.calls);
  add_json_counts(out, row);
  if (summary.limits_only > 0) {
    out.add(",\"limits_only\":").add(summary.limits_only);
    out.add(",\"why\":").add_json_text(key_of(summary.no_advice));
  }
  if (summary.left_alone > 0) {
    out.add(",\"left_alone\":").add(summary.left_alone);
    out.add(",\"why_left_alone\":").add_json_text(key_of(summary.why));
  }
  if (has_shape(of.kind) && facts.advised > 0) {
    out.add(",\"advised\":").add_signed(facts.advised).add(",\"limit\":").add_signed(facts.limit);
    out.add(",\"basis\":").add_json_text(basis_of(facts.basis));
    out.add(",\"expected_seconds\":").add_seconds(facts.expected_seconds);
    out.add(",\"default_seconds\":").add_seconds(facts.default_seconds);
    out.add(",\"saved_seconds\":").add_seconds(summary.saved_seconds);
  }
  out.add(",\"seconds\":").add_seconds(summary.seconds).add("}");
}

// "2" and how often, where it was not always the same.
void add_counts(TextBuffer& out, const CaseRow& row, std::uint64_t calls) {
  bool is_first = true;
  const auto add_one = [&](std::uint64_t times) {
    if (times != calls) out.add(" (").add(times).add(")");
    is_first = false;
  };
  for (std::size_t i = 0; i < CaseRow::most_counts; ++i) {
    const CaseRow::Count count = row.count(i);
    if (count.calls == 0) continue;
    out.add(is_first ? "" : ", ").add_signed(count.threads);
    add_one(count.calls);
  }
  if (row.calls_with_more_counts() > 0) {
    out.add(is_first ? "other" : ", other");
    add_one(row.calls_with_more_counts());
  }
  if (row.calls_without_count() > 0) {
    out.add(is_first ? "left alone" : ", left alone");
    add_one(row.calls_without_count());
  }
}

constexpr std::size_t shape_at = 12;
constexpr std::size_t calls_at = 36;
constexpr std::size_t seconds_at = 46;
constexpr std::size_t saved_at = 56;
constexpr std::size_t advice_at = 66;
constexpr std::size_t threads_at = 82;

void add_row(TextBuffer& out, const CaseRow& row) {
  const CallCase& of = row.of();
  const RowSummary summary = summarise(row);
  out.add("  ").add(of.routine.text().data()).add(" ");
  out.pad_to(shape_at);
  if (has_shape(of.kind)) {
    out.add(letter_of(of.trans_a)).add(letter_of(of.trans_b)).add(" ");
    out.add_signed(of.m).add("x").add_signed(of.n).add("x").add_signed(of.k);
  }
  out.add(" ").pad_to(calls_at).add(summary.calls).add(" ");
  out.pad_to(seconds_at).add_duration(summary.seconds).add(" ").pad_to(saved_at);
  if (summary.advised > 0)
    out.add_duration(summary.saved_seconds).add(" ");
  else
    out.add("- ");
  out.pad_to(advice_at);
  if (summary.advised > 0)
    out.add_signed(row.facts().advised).add(" ").add(basis_of(row.facts().basis)).add(" ");
  else
    out.add("- ");
  add_counts(out.pad_to(threads_at), row, summary.calls);
  out.add("\n");
}

// Those that took longest, the longest first; nullptr where there are no more.
std::array<const CaseRow*, most_lines> longest(const CallAccount& account) {
  std::array<const CaseRow*, most_lines> rows{};
  for (std::size_t i = 0; i < account.size(); ++i) {
    const CaseRow* row = &account[i];
    if (!row->is_used() || summarise(*row).calls == 0) continue;
    for (const CaseRow*& place : rows) {
      if (place == nullptr || place->nanoseconds() < row->nanoseconds()) std::swap(place, row);
      if (row == nullptr) break;
    }
  }
  return rows;
}

void add_calls(TextBuffer& out, std::uint64_t calls) {
  out.add(calls).add(calls == 1 ? " call" : " calls");
}

using Reasons = std::array<std::uint64_t, why_count>;  // calls by Why

void add_json_reasons(TextBuffer& out, const Reasons& calls) {
  out.add("{");
  bool is_first = true;
  for (std::size_t i = 0; i < why_count; ++i) {
    if (calls[i] == 0) continue;
    out.add(is_first ? "" : ",").add_json_text(key_of(static_cast<Why>(i))).add(":").add(calls[i]);
    is_first = false;
  }
  out.add("}");
}

void add_reasons(TextBuffer& out, const Reasons& calls, std::string_view how) {
  for (std::size_t i = 0; i < why_count; ++i) {
    if (calls[i] == 0) continue;
    out.add("  ");
    add_calls(out, calls[i]);
    out.add(how).add(explain(static_cast<Why>(i))).add("\n");
  }
}

}  // namespace

void write_json(TextBuffer& out, const CallAccount& account, const ToldProcess& process) {
  const Summary all = summarise(account);
  out.add("{\"schema\":").add(stats_schema);
  out.add(",\"process\":").add_signed(process.id).add(",\"parent\":").add_signed(process.parent);
  out.add(",\"program\":").add_json_text(process.program);
  out.add(",\"calls\":").add(all.calls).add(",\"advised\":").add(all.advised);
  add_json_reasons(out.add(",\"limits_only\":"), all.limits_only);
  add_json_reasons(out.add(",\"left_alone\":"), all.left_alone);
  out.add(",\"saved_seconds\":").add_seconds(all.saved_seconds);
  out.add(",\"seconds\":").add_seconds(all.seconds).add(",\"shapes\":[");
  bool is_first = true;
  for (std::size_t i = 0; i < account.size(); ++i) {
    if (!account[i].is_used()) continue;
    const RowSummary row = summarise(account[i]);
    if (row.calls == 0) continue;
    if (!is_first) out.add(",");
    add_json_row(out, account[i], row);
    is_first = false;
  }
  out.add("],\"further_shapes\":{\"calls\":").add(all.others);
  out.add(",\"seconds\":").add_seconds(summarise(account.others()).seconds).add("}}\n");
}

void write_table(TextBuffer& out, const CallAccount& account, const ToldProcess& process) {
  const Summary all = summarise(account);
  out.add("blastune: ").add_printable(process.program).add(" (").add_signed(process.id).add("): ");
  if (all.calls == 0) {
    out.add("no call to OpenBLAS was seen\n");
    return;
  }
  add_calls(out, all.calls);
  out.add(" in ").add_duration(all.seconds).add(", ").add(all.advised).add(" with advice");
  const std::uint64_t limits_only =
      std::accumulate(all.limits_only.begin(), all.limits_only.end(), std::uint64_t{0});
  if (limits_only > 0) out.add(", ").add(limits_only).add(" with limits only");
  if (all.advised > 0) out.add("; ").add_duration(all.saved_seconds).add(" saved, by what the table expects");
  out.add("\n  routine").pad_to(shape_at).add("m x n x k").pad_to(calls_at).add("calls");
  out.pad_to(seconds_at).add("time").pad_to(saved_at).add("saved").pad_to(advice_at).add("advice");
  out.pad_to(threads_at).add("threads used\n");
  std::size_t shown = 0;
  std::uint64_t shown_calls = 0;
  for (const CaseRow* row : longest(account)) {
    if (row == nullptr) break;
    add_row(out, *row);
    ++shown;
    shown_calls += summarise(*row).calls;
  }
  if (all.calls > shown_calls) {
    out.add("  and ");
    add_calls(out, all.calls - shown_calls);
    out.add(" of ");
    if (all.others > 0)
      out.add("many others\n");
    else
      out.add(static_cast<std::uint64_t>(all.cases - shown)).add(" more kinds\n");
  }
  add_reasons(out, all.limits_only, " with limits only: ");
  add_reasons(out, all.left_alone, " left alone: ");
}

}  // namespace blastune
