// SPDX-License-Identifier: BSD-3-Clause
#include <fmt/core.h>

#include <algorithm>
#include <memory>
#include <nlohmann/json.hpp>
#include <ostream>

#include "cli/configuration.h"
#include "cli/format.h"
#include "cli/recorded_file.h"
#include "cli/target.h"
#include "cli/verbs.h"
#include "store/table_keeper.h"
#include "tuner/recorded_table.h"

namespace blastune {
namespace {

struct Options {
  std::string file;
  std::string blas_file;
  std::string output;
  bool json = false;
};

// What the calls were measured of: with --blas, that library on this machine; else a machine known from the
// file alone.
Result<Table> table_to_fill(const Options& options, const Recording& recording) {
  if (options.blas_file.empty())
    return table_of_recorded_machine(recording, file_name_of(options.file), "imported");
  const auto target = find_target(options.blas_file);
  if (!target) return target.error();
  Table table;
  table.machine = target->machine;
  table.build = target->library.build;
  table.default_threads = target->library.default_threads;
  return table;
}

Result<ExitStatus> import_calls(const Session& session, const Options& options) {
  if (options.file.empty()) {
    return Error{ErrorKind::usage, "which measurements? The file is missing",
                 "try `blastune import FILE.csv`"};
  }
  if (options.output.empty() && options.blas_file.empty()) {
    return Error{ErrorKind::usage, "where to? The table is of another machine and needs a file of its own",
                 "name it with --output, or with --blas the library of this machine that was measured"};
  }
  const auto config = read_config(session);
  if (!config) return config.error();
  const auto recording = read_recording(session, options.file);
  if (!recording) return recording.error();
  const auto like = table_to_fill(options, *recording);
  if (!like) return like.error();
  auto keeper = open_output(session, options.output);
  if (!keeper) return keeper.error();
  if (options.blas_file.empty()) note_other_tables(session, *keeper);
  Table table = keeper->known(like->machine, like->build);
  if (!table.curves.empty()) {
    session.note(keeper->path() + " knew " +
                 count_text(static_cast<std::int64_t>(table.curves.size()), "curve") + " of " +
                 describe(table.machine) + " already; this is added to them");
  }
  if (recording->counts().size() < 2) {
    session.note(options.file + " has calls with " + count_text(recording->counts().front(), "thread") +
                 " only, which says nothing of any other count");
  }
  table.default_threads = std::max(like->default_threads, table.default_threads);
  table.tolerance = config->tolerance;
  table.measured_unix = table.checked_unix = session.clock.unix_seconds();
  put_recording(table, *recording);
  if (auto kept = keeper->keep(table); !kept) return kept.error();
  if (options.json) {
    const nlohmann::ordered_json summary{{"schema", 1},
                                         {"table", keeper->path()},
                                         {"build", describe(table.build)},
                                         {"curves", table.curves.size()},
                                         {"calls", recording->rows()},
                                         {"left_out", recording->left_out()}};
    session.out << summary.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace) << '\n';
    return exit_done;
  }
  session.out << fmt::format(
      "{}: {} from {}, of which {} were the first of a gemm and count and are left out\ntable: {}\n",
      describe(table.build), count_text(static_cast<std::int64_t>(table.curves.size()), "curve"),
      count_text(static_cast<std::int64_t>(recording->rows()), "call"), recording->left_out(),
      keeper->path());
  return exit_done;
}

}  // namespace

void add_import_verb(CommandLine& program) {
  auto options = std::make_shared<Options>();
  Verb verb = program.add_verb("import", "Make a table from calls that were measured elsewhere");
  verb.word("FILE", options->file, "measurements, .csv or .csv.gz: dtype,m,n,k,threads,seconds");
  verb.option("--blas", options->blas_file, "they are of this OpenBLAS file on this machine", "FILE");
  verb.option("--output", options->output, "keep the table in this file", "FILE");
  verb.flag("--json", options->json, "summarise as one JSON object");
  verb.does([options](const Session& session) { return import_calls(session, *options); });
}

}  // namespace blastune
