// SPDX-License-Identifier: BSD-3-Clause
#include "cli/answering.h"

#include <fmt/core.h>

#include <algorithm>
#include <utility>
#include <vector>

#include "base/cpu_limits.h"
#include "cli/format.h"
#include "load/own_use.h"
#include "store/table_file.h"
#include "store/table_location.h"

namespace blastune {
namespace {

Result<Answering> answer_from_file(const Session& session, const TableChoice& choice) {
  auto tables = load_tables(session.files, choice.table_file);
  if (!tables) return tables.error();
  if (tables->empty()) {
    return Error{ErrorKind::not_found, choice.table_file + " holds no table",
                 "fill it with `blastune tune --output " + choice.table_file + "`"};
  }
  // Without an OpenBLAS here, the table can still speak for its own machine.
  auto target = find_target(choice.blas_file);
  if (target) {
    if (const Table* own = find_table(*tables, target->machine, target->library.build)) {
      return Answering{*own, choice.table_file, std::move(target).value()};
    }
  } else if (!choice.blas_file.empty()) {
    return target.error();
  }
  if (!choice.blas_file.empty()) {
    const Table& table = tables->front();
    const bool same_build = table.build == target->library.build;
    const std::string what = same_build
                                 ? describe(table.machine) + ", and this is " + describe(target->machine)
                                 : describe(table.build) + ", and " + choice.blas_file + " is " +
                                       describe(target->library.build) + " here";
    return Error{ErrorKind::foreign, choice.table_file + " is for " + what,
                 "leave --blas away to be answered from the table as it is"};
  }
  // The one that was filled last; of the same second, the last one in the file.
  const Table& other = *std::ranges::max_element(tables->rbegin(), tables->rend(), {},
                                                 [](const Table& table) { return table.measured_unix; });
  if (tables->size() > 1) {
    session.note(choice.table_file + " holds " + std::to_string(tables->size()) +
                 " tables; this is the one that was filled last");
  }
  session.note("answering for " + describe(other.machine) + " with " + describe(other.build) +
               ", which is not what runs here");
  return Answering{other, choice.table_file, std::nullopt};
}

void tighten(CountLimit& limit, int threads, std::string reason) {
  if (threads >= limit.threads) return;
  limit.threads = threads;
  limit.reason = std::move(reason);
}

}  // namespace

Result<Answering> find_answering(const Session& session, const Target& target) {
  const auto places = table_location(read_table_environment()).candidates;
  auto stored = find_stored_table(session.files, places, target.machine, target.library.build);
  if (!stored) return stored.error();
  return Answering{std::move(stored->table), std::move(stored->path), target};
}

Result<Answering> find_answering(const Session& session, const TableChoice& choice) {
  if (!choice.table_file.empty()) return answer_from_file(session, choice);
  auto target = find_target(choice.blas_file);
  if (!target) return Error{ErrorKind::unavailable, target.error().what, target.error().remedy};
  return find_answering(session, *target);
}

std::string remedy_for_unknown(const Answering& answering) {
  return answering.target ? "measure it with `blastune tune`"
                          : "add calls of it, with `blastune import` or `blastune tune --replay`";
}

std::string own_table_path() {
  return table_location(read_table_environment()).own;
}

Result<CountLimit> count_limit(const Answering& answering, int available) {
  CountLimit limit;
  if (answering.target) {
    auto here = read_thread_limits();
    if (!here) return here.error();
    tighten(limit, here->capacity.threads, count_text(here->capacity.threads, "usable processor"));
    if (const auto user = user_limit(answering.table.build.threading))
      tighten(limit, user->threads, user->source);
  }
  if (available > 0) tighten(limit, available, "--available " + std::to_string(available));
  return limit;
}

Result<void> limit_to_present(const Session& session, const Answering& answering, CountLimit& limit) {
  if (!answering.target) {
    return Error{ErrorKind::usage, "--now looks at this machine, and " + answering.path + " is for another",
                 "say with --available how many processors are free there"};
  }
  auto here = read_thread_limits();
  if (!here) return here.error();
  const auto affinity = read_cpu_limits().affinity;
  const PresentUseEdges edges{session.clock, session.kernel.proc + "/stat", &own_cpu_seconds};
  auto present =
      look_at_present_use(edges, {here->capacity.threads, affinity, answering.target->machine.processors});
  if (!present) return present.error();
  limit.present = *present;
  tighten(limit, present->available,
          fmt::format("others, who use {:.1f} of {} now", present->others,
                      count_text(static_cast<std::int64_t>(present->processors), "processor")));
  return {};
}

}  // namespace blastune
