// SPDX-License-Identifier: BSD-3-Clause
#include <fmt/core.h>

#include <algorithm>
#include <memory>
#include <ostream>
#include <utility>

#include "base/parse.h"
#include "cli/answering.h"
#include "cli/configuration.h"
#include "cli/format.h"
#include "cli/interruption.h"
#include "cli/measuring.h"
#include "cli/progress_bar.h"
#include "cli/question.h"
#include "cli/recorded_file.h"
#include "cli/verbs.h"
#include "cli/verify_report.h"
#include "model/advisor.h"
#include "topology/candidates.h"
#include "tuner/configured_plan.h"
#include "tuner/fresh_gemms.h"
#include "tuner/recorded_table.h"
#include "tuner/verify_run.h"

namespace blastune {
namespace {

constexpr std::int64_t most_shapes = 100'000;
constexpr double longest_budget_seconds = 24 * 3600;

struct Options {
  TableChoice choice;
  std::string measurements;
  std::string shapes;
  std::string seed;
  std::string budget;
  std::string dtypes;
  bool unused = false;
  bool json = false;
};

// The types asked for; without any, those that the table knows.
Result<std::vector<DType>> types_to_verify(const Options& options, const Table& table) {
  if (!options.dtypes.empty()) return parse_dtypes(options.dtypes);
  std::vector<DType> types;
  for (const auto& curve : table.curves) {
    if (types.empty() || types.back() != curve.gemm.dtype) types.push_back(curve.gemm.dtype);
  }
  return types;
}

// Both the budget and every gemm's least blocks have to be done.
double share_done(const VerifyProgress& progress, const VerifySetup& setup) {
  const double least = static_cast<double>(setup.least_blocks) * static_cast<double>(setup.gemms.size());
  const double by_blocks = static_cast<double>(progress.blocks + progress.disturbed) / std::max(1.0, least);
  return std::min({1.0, progress.spent_seconds / setup.budget_seconds, by_blocks});
}

Verification judged(const Table& table, std::vector<VerifiedGemm> gemms, std::vector<int> counts) {
  const Advisor advisor(table);
  const int limit = counts.back();
  Verification verification(std::move(counts), std::min(table.default_threads, limit));
  for (auto& gemm : gemms) {
    gemm.advice = advisor.advise(gemm.gemm, limit);
    for (const int count : verification.counts())
      gemm.expected_seconds.push_back(advisor.expected(gemm.gemm, count).seconds);
    verification.add(std::move(gemm));
  }
  return verification;
}

Result<ExitStatus> verify_recorded(const Session& session, const Options& options, Answering answering) {
  if (options.unused && !is_replayed(answering.table)) {
    return Error{ErrorKind::usage,
                 answering.path + " was not made by a replay, so which calls it used is not known",
                 "leave --unused away"};
  }
  const auto read = read_recording(session, options.measurements);
  if (!read) return read.error();
  const Recording& recording = *read;
  if (recording.counts().size() < 2) {
    return Error{ErrorKind::invalid_data,
                 options.measurements + " holds times of " +
                     count_text(recording.counts().front(), "thread") + " only: there is nothing to compare",
                 "record calls with several counts"};
  }
  const auto types = types_to_verify(options, answering.table);
  if (!types) return types.error();
  VerifyAnswer answer;
  answer.table = answering.path;
  answer.build = answering.table.build;
  answer.source = options.measurements;
  answer.default_threads = answering.table.default_threads;
  answer.tolerance = answering.table.tolerance;
  const auto gemms = recorded_for_verification(recording, options.unused ? &answering.table : nullptr);
  for (const DType dtype : *types) {
    std::vector<VerifiedGemm> of_type;
    std::ranges::copy_if(gemms, std::back_inserter(of_type),
                         [dtype](const VerifiedGemm& gemm) { return gemm.gemm.dtype == dtype; });
    const std::size_t asked = of_type.size();
    Verification verification = judged(answering.table, std::move(of_type), recording.counts());
    if (!verification.gemms().empty()) answer.types.push_back({dtype, std::move(verification), asked});
  }
  if (answer.types.empty()) {
    return Error{
        ErrorKind::not_found,
        options.measurements + " holds no times of a gemm that " + answering.path + " has an answer for",
        options.unused ? "leave --unused away if the table was not made from this file"
                       : "name a table with --table that is for what was measured"};
  }
  session.out << (options.json ? verify_json(answer) : verify_text(answer));
  return exit_done;
}

std::string or_else(const std::string& given, const char* otherwise) {
  return given.empty() ? otherwise : given;
}

Result<ExitStatus> verify_here(const Session& session, const Options& options, Answering answering) {
  if (!answering.target) {
    session.complain({ErrorKind::foreign,
                      answering.path + " is for another machine, whose times cannot be measured here",
                      "name a file with times of that machine: --measurements FILE"});
    return exit_foreign_table;
  }
  const auto shapes = parse_integer(or_else(options.shapes, "200"), 1, most_shapes, "--shapes");
  if (!shapes) return shapes.error();
  const auto seed =
      parse_integer(or_else(options.seed, "1"), 0, std::numeric_limits<std::int64_t>::max(), "--seed");
  if (!seed) return seed.error();
  const auto budget = parse_duration(or_else(options.budget, "1m"), 1, longest_budget_seconds, "--budget");
  if (!budget) return budget.error();
  const auto types = types_to_verify(options, answering.table);
  if (!types) return types.error();
  const auto config = read_config(session);
  if (!config) return config.error();
  const auto limits = read_thread_limits();
  if (!limits) return limits.error();

  const Interruption interruption;
  auto prober = start_prober(*answering.target, config->max_operand_bytes);
  if (!prober) return prober.error();
  VerifyAnswer answer;
  answer.table = answering.path;
  answer.build = answering.table.build;
  answer.source = "this machine";
  answer.default_threads = answering.table.default_threads;
  answer.tolerance = answering.table.tolerance;
  VerifySetup setup;
  setup.counts = candidate_threads(limits->topology, limits->capacity);
  setup.budget_seconds = *budget / static_cast<double>(types->size());
  setup.seed = static_cast<std::uint64_t>(*seed);
  {
    ProgressBar bar(session.messages, messages_are_seen());
    for (const DType dtype : *types) {
      setup.gemms = fresh_gemms(answering.table, dtype, plan_options(*config, false, setup.counts.back()),
                                static_cast<std::size_t>(*shapes), setup.seed);
      auto measured =
          measure_for_verification(setup, **prober, session.clock, [&](const VerifyProgress& progress) {
            bar.draw(share_done(progress, setup), fmt::format("{}: {} blocks of {} gemms", name(dtype),
                                                              progress.blocks, setup.gemms.size()));
            return !Interruption::requested();
          });
      if (!measured && measured.error().kind != ErrorKind::interrupted) return measured.error();
      if (!measured) break;
      answer.blocks += measured->progress.blocks;
      answer.disturbed += measured->progress.disturbed;
      answer.spent_seconds += measured->progress.spent_seconds;
      const std::size_t asked = setup.gemms.size();
      Verification verification = judged(answering.table, std::move(measured->gemms), setup.counts);
      if (!verification.gemms().empty()) answer.types.push_back({dtype, std::move(verification), asked});
      if (Interruption::requested()) break;
    }
  }
  if (answer.types.empty()) {
    if (Interruption::requested()) {
      session.note("interrupted before a gemm was measured twice");
      return exit_interrupted;
    }
    return Error{
        ErrorKind::unavailable,
        fmt::format("no gemm could be measured twice: {} blocks were disturbed by other programs or lost",
                    answer.disturbed),
        "try again when the machine is quieter"};
  }
  session.out << (options.json ? verify_json(answer) : verify_text(answer));
  if (!Interruption::requested()) return exit_done;
  session.note("interrupted; this is what was measured until then");
  return exit_interrupted;
}

Result<ExitStatus> verify(const Session& session, const Options& options) {
  if (options.unused && options.measurements.empty()) {
    return Error{ErrorKind::usage, "--unused is about recorded calls, and there are none",
                 "name the file with --measurements, or leave --unused away"};
  }
  const bool says_how_to_measure =
      !options.shapes.empty() || !options.seed.empty() || !options.budget.empty();
  if (!options.measurements.empty() && says_how_to_measure) {
    return Error{ErrorKind::usage,
                 "--shapes, --seed and --budget are about measuring, and --measurements measures nothing",
                 "leave one or the other away"};
  }
  auto answering = find_answering(session, options.choice);
  if (!answering) {
    session.complain(answering.error());
    return table_status_of(answering.error());
  }
  return options.measurements.empty() ? verify_here(session, options, std::move(*answering))
                                      : verify_recorded(session, options, std::move(*answering));
}

}  // namespace

void add_verify_verb(CommandLine& program) {
  auto options = std::make_shared<Options>();
  Verb verb =
      program.add_verb("verify", "Measure how much the table's answers lose, on gemms it has not seen");
  verb.option("--shapes", options->shapes, "how many gemms of each type (default 200)", "K");
  verb.option("--seed", options->seed, "draws the gemms and their order (default 1)", "S");
  verb.option("--budget", options->budget, "how long to measure: 30s, 2m (default 1m)", "TIME");
  verb.option("--dtype", options->dtypes, "f32, f64, c64, c128 or several (default those of the table)",
              "TYPES");
  verb.option("--measurements", options->measurements, "judge by these recorded calls, measure nothing",
              "FILE");
  verb.flag("--unused", options->unused, "leave out the recorded calls that a replay made the table from");
  verb.option("--blas", options->choice.blas_file, "the table of this OpenBLAS file", "FILE");
  verb.option("--table", options->choice.table_file, "the table in this file", "FILE");
  verb.flag("--json", options->json, "answer as one JSON object");
  verb.does([options](const Session& session) { return verify(session, *options); });
}

}  // namespace blastune
