// SPDX-License-Identifier: BSD-3-Clause
#include <fmt/core.h>

#include <memory>
#include <nlohmann/json.hpp>
#include <ostream>
#include <set>

#include "cli/answering.h"
#include "cli/batch_intervals.h"
#include "cli/configuration.h"
#include "cli/format.h"
#include "cli/question.h"
#include "cli/verbs.h"

namespace blastune {
namespace {

using Json = nlohmann::ordered_json;

struct Options {
  TableChoice choice;
  std::string layers;
  std::string dtype;
  std::string pass;
  bool json = false;
};

// One line of the answer: a layer's pass and its intervals.
struct LayerCounts {
  DType dtype;
  Pass pass;
  Layer layer;
  std::vector<BatchInterval> intervals;
};

struct Selection {
  std::set<Layer> layers;
  std::vector<DType> dtypes;
  std::vector<Pass> passes;
  SizeRange batches;
};

Result<Selection> parse_selection(const Session& session, const Options& options) {
  auto config = read_config(session);
  if (!config) return config.error();
  Selection selection{{}, config->dtypes, {Pass::forward}, config->batches};
  std::vector<Network> networks = config->networks;
  if (!options.layers.empty()) {
    auto network = parse_network(options.layers);
    if (!network) return network.error();
    networks = {*network};
  }
  for (const auto& network : networks) {
    for (const auto& layer : layers_of(network)) selection.layers.insert(layer);
  }
  if (!options.dtype.empty()) {
    auto dtype = parse_dtype(options.dtype);
    if (!dtype) return dtype.error();
    selection.dtypes = {*dtype};
  }
  if (options.pass == "all") {
    selection.passes = {Pass::forward, Pass::backward_data, Pass::backward_weights};
  } else if (!options.pass.empty()) {
    const auto pass = pass_from_name(options.pass);
    if (!pass) {
      return Error{ErrorKind::usage, "unknown --pass '" + options.pass + "'",
                   "use forward, backward-data, backward-weights or all"};
    }
    selection.passes = {*pass};
  }
  return selection;
}

std::vector<LayerCounts> look_up(const Advisor& advisor, const Selection& selection, int limit) {
  std::vector<LayerCounts> all;
  for (const auto dtype : selection.dtypes) {
    for (const auto pass : selection.passes) {
      for (const auto& layer : selection.layers) {
        const auto advise = [&](std::int64_t batch) {
          return advisor.advise(layer_gemm(layer, batch, dtype, pass, Layout::features_by_batch), limit);
        };
        auto intervals = batch_intervals(advise, selection.batches.from, selection.batches.to);
        if (!intervals.empty()) all.push_back({dtype, pass, layer, std::move(intervals)});
      }
    }
  }
  return all;
}

std::string critical_text(const std::vector<BatchInterval>& intervals) {
  if (intervals.size() < 2) return "none";
  std::string text;
  for (std::size_t i = 1; i < intervals.size(); ++i) {
    text += (i == 1 ? "" : ", ") + std::to_string(intervals[i].from);
  }
  return text;
}

void print_text(const Session& session, const Answering& answering, const std::vector<LayerCounts>& all,
                const CountLimit& limit) {
  const Palette palette = session.out_palette();
  const Table& table = answering.table;
  session.out << fmt::format(
      "{}\n{}\n{}, {}{}, last {}{}\n", describe(table.build), describe(table.machine), answering.path,
      count_text(static_cast<std::int64_t>(table.curves.size()), "curve"),
      table.spent_seconds > 0 ? " measured in " + seconds_text(table.spent_seconds) : "",
      date_text(table.measured_unix),
      table.checked_unix > table.measured_unix ? ", still right " + date_text(table.checked_unix) : "");
  if (!limit.reason.empty()) session.out << "at most " << limit.reason << '\n';
  session.out << fmt::format("A count is the fewest threads that lose no more than {:.0f} %.\n",
                             100 * table.tolerance);
  if (table.curves.size() < curves_to_interpolate)
    session.out << "Most of this is far from the little that was measured.\n";
  for (std::size_t i = 0; i < all.size(); ++i) {
    const LayerCounts& entry = all[i];
    if (i == 0 || entry.dtype != all[i - 1].dtype || entry.pass != all[i - 1].pass) {
      session.out << fmt::format("\n{}{} {}{}\n{:<14}{:>15}  {:>7}  {}\n", palette.bold, name(entry.dtype),
                                 name(entry.pass), palette.off, "layer", "batch", "threads",
                                 "default takes up to");
    }
    bool first = true;
    for (const auto& interval : entry.intervals) {
      session.out << fmt::format(
          "{:<14}{:>15}  {:>7}  {}\n", first ? fmt::format("{} -> {}", entry.layer.m, entry.layer.n) : "",
          fmt::format("{} - {}", interval.from, interval.to), interval.threads,
          interval.best_gain > 0 ? fmt::format("{:.2f} times as long", interval.best_gain) : "not measured");
      first = false;
    }
    session.out << fmt::format("{}{:<14}critical batch sizes: {}{}\n", palette.faint, "",
                               critical_text(entry.intervals), palette.off);
  }
}

void print_json(const Session& session, const Answering& answering, const std::vector<LayerCounts>& all,
                const CountLimit& limit) {
  const Table& table = answering.table;
  Json json{{"schema", 1},
            {"build", describe(table.build)},
            {"build_id", table.build.build_id},
            {"machine", describe(table.machine)},
            {"table", answering.path},
            {"curves", table.curves.size()},
            {"measured_unix", table.measured_unix},
            {"checked_unix", table.checked_unix},
            {"spent_seconds", table.spent_seconds},
            {"default_threads", table.default_threads},
            {"limit", limit.reason.empty() ? Json(nullptr) : Json(limit.threads)}};
  Json layers = Json::array();
  for (const auto& entry : all) {
    Json intervals = Json::array();
    Json critical = Json::array();
    for (const auto& interval : entry.intervals) {
      intervals.push_back(
          {{"from", interval.from},
           {"to", interval.to},
           {"threads", interval.threads},
           {"default_over_advised", interval.best_gain > 0 ? Json(interval.best_gain) : Json(nullptr)}});
      if (&interval != &entry.intervals.front()) critical.push_back(interval.from);
    }
    layers.push_back({{"dtype", name(entry.dtype)},
                      {"pass", name(entry.pass)},
                      {"m", entry.layer.m},
                      {"n", entry.layer.n},
                      {"intervals", std::move(intervals)},
                      {"critical_batches", std::move(critical)}});
  }
  json["layers"] = std::move(layers);
  session.out << json.dump(-1, ' ', false, Json::error_handler_t::replace) << '\n';
}

Result<ExitStatus> show(const Session& session, const Options& options) {
  auto selection = parse_selection(session, options);
  if (!selection) return selection.error();
  auto answering = find_answering(session, options.choice);
  if (!answering) {
    session.complain(answering.error());
    return table_status_of(answering.error());
  }
  auto limit = count_limit(*answering, 0);
  if (!limit) return limit.error();
  const Advisor advisor(answering->table);
  const auto all = look_up(advisor, *selection, limit->threads);
  if (all.empty()) {
    session.complain({ErrorKind::not_found, answering->path + " says nothing about what was asked",
                      remedy_for_unknown(*answering)});
    return exit_no_table;
  }
  if (options.json) {
    print_json(session, *answering, all, *limit);
  } else {
    print_text(session, *answering, all, *limit);
  }
  return exit_done;
}

}  // namespace

void add_show_verb(CommandLine& program) {
  auto options = std::make_shared<Options>();
  Verb verb = program.add_verb("show", "Show which batch sizes of each layer use which count");
  verb.option("--table", options->choice.table_file, "show this table, whatever machine it is for", "FILE");
  verb.option("--blas", options->choice.blas_file, "show the table of this OpenBLAS file", "FILE");
  verb.option("--layers", options->layers, "this network (default: those of the configuration)", "LIST");
  verb.option("--dtype", options->dtype, "f32, f64, c64 or c128 (default as configured)", "TYPE");
  verb.option("--pass", options->pass, "forward (default), backward-data, backward-weights or all", "PASS");
  verb.flag("--json", options->json, "show as one JSON object");
  verb.does([options](const Session& session) { return show(session, *options); });
}

}  // namespace blastune
