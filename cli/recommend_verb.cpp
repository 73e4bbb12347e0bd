// SPDX-License-Identifier: BSD-3-Clause
#include <algorithm>
#include <memory>
#include <ostream>

#include "base/parse.h"
#include "cli/answering.h"
#include "cli/configuration.h"
#include "cli/measuring.h"
#include "cli/plan_choice.h"
#include "cli/question.h"
#include "cli/recommend_report.h"
#include "cli/verbs.h"
#include "model/advisor.h"
#include "store/table_keeper.h"
#include "topology/candidates.h"

namespace blastune {
namespace {

// With identifying the library and drawing conclusions, an answer there and then takes under two seconds.
constexpr double there_and_then_seconds = 1.0;

struct Options {
  QuestionWords words;
  TableChoice choice;
  std::string available;
  bool now = false;
  bool explain = false;
  bool json = false;
  bool no_measure = false;
};

// Whether the table can be asked, or measuring first makes the better answer: few curves say little about
// other gemms, and a curve without the library's own count says little about whether to leave it.
bool knows(const Table& table, const Question& question) {
  const auto is_measured = [&](const Gemm& gemm) {
    const Curve* curve = table.find(gemm);
    return curve != nullptr && curve->points.back().threads >= table.default_threads;
  };
  const auto same_dtype = std::ranges::count_if(
      table.curves, [&](const Curve& curve) { return curve.gemm.dtype == question.dtype; });
  if (same_dtype >= static_cast<std::ptrdiff_t>(curves_to_interpolate)) return true;
  // What there_and_then() would measure.
  const auto asked = plan_of(question.gemms, static_cast<std::size_t>(table.default_threads)).grid;
  return std::ranges::all_of(asked, is_measured);
}

MeasuringRequest there_and_then(const Question& question, const ThreadLimits& limits, const Config& config,
                                double seconds) {
  MeasuringRequest request;
  request.counts = candidate_threads(limits.topology, limits.capacity);
  request.plan = plan_of(question.gemms, static_cast<std::size_t>(request.counts.back()));
  request.max_operand_bytes = config.max_operand_bytes;
  request.options.budget_seconds = seconds;
  request.options.tolerance = config.tolerance;
  request.options.least_bursts = 8;
  request.options.acceptable_regret = 0.001;
  return request;
}

// For a machine that other programs keep busy: an answer for now, which is not worth keeping.
Result<Answering> measure_beside_others(const Session& session, const Target& target,
                                        const Question& question, const ThreadLimits& limits,
                                        const Config& config) {
  session.note("the machine is too busy to measure undisturbed; this answer is for now and is not kept");
  auto request = there_and_then(question, limits, config, there_and_then_seconds / 2);
  request.options.accept_disturbed = true;
  auto measured = measure(session, target, Table{}, std::move(request));
  if (!measured) return measured.error();
  if (measured->interrupted) return Error{ErrorKind::interrupted, "interrupted", ""};
  return Answering{std::move(measured->table), "what was just measured", target};
}

Result<Answering> measure_there_and_then(const Session& session, const Target& target,
                                         const Question& question) {
  auto limits = read_thread_limits();
  if (!limits) return limits.error();
  auto config = read_config(session);
  if (!config) return config.error();
  session.note("nothing is known of this yet for " + describe(target.library.build) +
               "; measuring it now (`blastune tune` measures everything)");

  const std::string path = own_table_path();
  auto keeper = TableKeeper::open(session.files, path, TableKeeper::Damaged::set_aside);
  if (keeper && !keeper->note().empty()) session.note(keeper->note());
  Table known = keeper ? keeper->known(target.machine, target.library.build) : Table{};
  auto measured = measure(session, target, std::move(known),
                          there_and_then(question, *limits, *config, there_and_then_seconds));
  if (!measured) return measured.error();
  if (measured->interrupted) return Error{ErrorKind::interrupted, "interrupted", ""};
  // Too little came through undisturbed.
  if (!knows(measured->table, question)) {
    return measure_beside_others(session, target, question, *limits, *config);
  }
  const auto kept = keeper ? keeper->keep(measured->table) : Result<void>(keeper.error());
  if (!kept) session.note("the result could not be kept: " + kept.error().text());
  return Answering{std::move(measured->table), path, target};
}

// A table that was found, or a fresh one of the asked gemms. Sets `status` where a failure has its own.
Result<Answering> answer_for(const Session& session, const Options& options, const Question& question,
                             ExitStatus& status) {
  if (!options.choice.table_file.empty()) {
    auto answering = find_answering(session, options.choice);
    if (!answering) status = table_status_of(answering.error());
    return answering;
  }
  auto target = find_target(options.choice.blas_file);
  if (!target) {
    status = target.error().kind == ErrorKind::interrupted ? exit_interrupted : exit_failed;
    return target.error();
  }
  auto answering = find_answering(session, *target);
  if (answering) {
    if (options.no_measure || knows(answering->table, question)) return answering;
  } else if (options.no_measure) {
    status = table_status_of(answering.error());
    return answering;
  } else if (answering.error().kind != ErrorKind::not_found && answering.error().kind != ErrorKind::foreign) {
    session.note(answering.error().text());
  }
  auto measured = measure_there_and_then(session, *target, question);
  if (!measured) status = status_of(measured.error());
  return measured;
}

Result<ExitStatus> recommend(const Session& session, const Options& options) {
  auto question = parse_question(options.words);
  if (!question) return question.error();
  int available = 0;
  if (!options.available.empty()) {
    auto parsed = parse_integer(options.available, 1, 4096, "--available");
    if (!parsed) return parsed.error();
    available = static_cast<int>(*parsed);
  }
  ExitStatus status = exit_failed;
  auto answering = answer_for(session, options, *question, status);
  if (!answering) {
    session.complain(answering.error());
    return status;
  }
  auto limit = count_limit(*answering, available);
  if (!limit) return limit.error();
  // After what had to be measured, so that it is the present and none of our own.
  if (options.now) {
    if (auto looked = limit_to_present(session, *answering, *limit); !looked) return looked.error();
  }

  const Advisor advisor(answering->table);
  std::vector<GemmAnswer> answers;
  for (const auto& gemm : question->gemms) {
    answers.push_back({gemm, advisor.advise(gemm, limit->threads)});
    if (answers.back().advice.threads == 0) {
      session.complain({ErrorKind::not_found, answering->path + " says nothing about " + describe(gemm),
                        remedy_for_unknown(*answering)});
      return exit_no_table;
    }
  }
  if (options.explain) {
    for (const auto& answer : answers) {
      session.messages << explanation(answer, answering->table, *limit, session.clock.unix_seconds());
    }
  }
  if (!question->network) {
    if (options.json) {
      session.out << gemm_json(answers.front(), *answering, *limit);
    } else {
      session.out << answers.front().advice.threads << '\n';
    }
    return exit_done;
  }

  NetworkAnswer network{*question, {}, {}};
  std::vector<int> counts;
  for (const auto& curve : answering->table.curves) {
    if (curve.gemm.dtype != question->dtype) continue;
    for (const auto& point : curve.points) counts.push_back(point.threads);
  }
  std::ranges::sort(counts);
  counts.erase(std::unique(counts.begin(), counts.end()), counts.end());
  const double tolerance = answering->table.tolerance;
  network.times = pass_times(advisor, question->gemms, counts, limit->threads, tolerance);
  if (advisor.curve_count() >= curves_to_interpolate) {
    auto config = read_config(session);
    if (!config) return config.error();
    network.best = best_batch(advisor, *question->network, question->dtype, question->pass, question->layout,
                              question->batch, config->batches, limit->threads, tolerance);
  }
  session.out << (options.json ? network_json(network, *answering, *limit)
                               : network_text(network, answering->table, *limit));
  return exit_done;
}

}  // namespace

void add_recommend_verb(CommandLine& program) {
  auto options = std::make_shared<Options>();
  Verb verb = program.add_verb("recommend", "Say how many threads a multiply should use");
  verb.option("--m", options->words.m, "input features of the layer", "M");
  verb.option("--n", options->words.n, "output features of the layer (neurons)", "N");
  verb.option("--batch", options->words.batch, "samples in the batch", "B");
  verb.option("--gemm", options->words.gemm, "a column-major multiply itself, by its sizes", "M,N,K");
  verb.option("--transpose", options->words.transpose, "of A and B, with --gemm: NN, NT, TN or TT",
              "LETTERS");
  verb.option("--layers", options->words.layers, "a whole network: 784,100,50,10", "LIST");
  verb.option("--dtype", options->words.dtype, "f32, f64, c64 or c128 (default f64)", "TYPE");
  verb.option("--pass", options->words.pass, "forward (default), backward-data or backward-weights", "PASS");
  verb.option("--layout", options->words.layout, "features-by-batch (default) or batch-by-features",
              "LAYOUT");
  verb.option("--blas", options->choice.blas_file, "ask for this OpenBLAS file", "FILE");
  verb.option("--table", options->choice.table_file, "answer from this table, whatever machine it is for",
              "FILE");
  verb.option("--available", options->available, "use at most this many threads", "K");
  verb.flag("--now", options->now, "use at most the processors that other programs leave at this moment");
  verb.flag("--explain", options->explain, "say on standard error what the answer rests on");
  verb.flag("--json", options->json, "answer as one JSON object");
  verb.flag("--no-measure", options->no_measure, "without a table, end with status 3 instead of measuring");
  verb.does([options](const Session& session) { return recommend(session, *options); });
}

}  // namespace blastune
