// SPDX-License-Identifier: BSD-3-Clause
#include "cli/recommend_report.h"

#include <fmt/core.h>

#include <algorithm>
#include <cmath>
#include <nlohmann/json.hpp>

#include "cli/format.h"
#include "model/thread_use.h"

namespace blastune {
namespace {

using Json = nlohmann::ordered_json;

constexpr int schema = 1;

Json gemm_object(const Gemm& gemm) {
  return {{"dtype", name(gemm.dtype)},
          {"transpose", transpose_letters(gemm)},
          {"m", gemm.m},
          {"n", gemm.n},
          {"k", gemm.k}};
}

Json known_or_null(double seconds) {
  return seconds > 0 ? Json(seconds) : Json(nullptr);
}

Json advice_object(const Advice& advice) {
  return {{"threads", advice.threads},
          {"expected_seconds", advice.expected_seconds},
          {"default_seconds", known_or_null(advice.default_seconds)},
          {"basis", name(advice.basis)},
          {"confidence", advice.confidence},
          {"stays_with_default", advice.stays_with_default}};
}

Json source_object(const Answering& answering, const CountLimit& limit) {
  const Build& build = answering.table.build;
  Json source;
  source["default_threads"] = answering.table.default_threads;
  source["limit"] = limit.reason.empty() ? Json(nullptr) : Json(limit.threads);
  source["present"] = !limit.present ? Json(nullptr)
                                     : Json{{"available", limit.present->available},
                                            {"used_by_others", limit.present->others}};
  source["build"] = {{"version", to_string(build.version)},
                     {"threading", name(build.threading)},
                     {"core", build.core_name},
                     {"build_id", build.build_id}};
  source["machine"] = describe(answering.table.machine);
  source["table"] = answering.path;
  source["measured_unix"] = answering.table.measured_unix;
  return source;
}

Json constant_object(const ConstantTime& constant) {
  return {{"threads", constant.threads}, {"pass_seconds", constant.seconds}, {"basis", name(constant.basis)}};
}

// A value that JSON can carry; replacement characters for what is not UTF-8.
std::string line_of(const Json& json) {
  return json.dump(-1, ' ', false, Json::error_handler_t::replace) + '\n';
}

std::string sureness(const Advice& advice, double tolerance) {
  const char* how = advice.confidence >= 0.95   ? "sure"
                    : advice.confidence >= 0.75 ? "fairly sure"
                                                : "not sure";
  return fmt::format("It is {} ({:.0f} %) that no allowed count is faster by more than {:.0f} %.", how,
                     100 * advice.confidence, 100 * tolerance);
}

std::string against_default(const Advice& advice, int default_threads, int limit) {
  const std::string threads = count_text(std::min(default_threads, limit), "thread");
  const std::string what = default_threads <= limit ? "the library's own choice, " + threads
                                                    : threads + ", the most that are allowed";
  if (advice.default_seconds <= 0) return "With " + what + ", nothing was measured.\n";
  const double ratio = advice.default_seconds / advice.expected_seconds;
  const std::string with_default =
      fmt::format("With {}, the call is expected to take {}", what, seconds_text(advice.default_seconds));
  if (std::abs(ratio - 1) < 0.01) return with_default + ": the same.\n";
  return with_default + fmt::format(": {:.2f} times as long.\n", ratio);
}

std::string basis_text(const Advice& advice) {
  return fmt::format("{}, {:.0f} % sure{}", name(advice.basis), 100 * advice.confidence,
                     advice.stays_with_default ? ", stays with the default" : "");
}

std::string constant_line(const ConstantTime& constant, const PassTimes& times) {
  return fmt::format(
      "  with {:>3} {:<8} for all layers       {:>8}   {:.2f} times the pass with a count for each\n",
      constant.threads, constant.threads == 1 ? "thread" : "threads", seconds_text(constant.seconds),
      constant.seconds / times.advised_seconds);
}

}  // namespace

std::string explanation(const GemmAnswer& answer, const Table& table, const CountLimit& limit,
                        std::int64_t now) {
  const Advice& advice = answer.advice;
  std::string text = fmt::format("{}: {}, expected to take {}.\n", describe(answer.gemm),
                                 count_text(advice.threads, "thread"), seconds_text(advice.expected_seconds));
  if (advice.basis == Basis::measured) {
    const Curve& curve = *table.find(canonical(answer.gemm));
    text +=
        fmt::format("This very multiply was measured, last {} ago:\n", age_text(now - table.measured_unix));
    for (const auto& point : curve.points) {
      text += fmt::format("  {:>3} {:<8} {:>8}", point.threads, point.threads == 1 ? "thread" : "threads",
                          seconds_text(point.seconds.mean()));
      if (point.seconds.count() > 1) text += " +- " + seconds_text(point.seconds.standard_error());
      text += " over " + count_text(point.seconds.count(), "burst") + "\n";
    }
    if (curve.disturbed > 0) {
      text += fmt::format("  {} thrown away because other programs used the processors\n",
                          count_text(curve.disturbed, "burst"));
    }
  } else if (runs_on_one_thread(table.build, answer.gemm)) {
    text += "OpenBLAS makes a multiply this small on one thread, whatever it is told.\n";
  } else {
    const auto measured = std::ranges::count_if(
        table.curves, [&](const Curve& curve) { return curve.gemm.dtype == answer.gemm.dtype; });
    text += fmt::format("It was not measured; the answer follows from the nearest of {} and their trend.\n",
                        count_text(measured, "measured gemm"));
  }
  if (!runs_on_one_thread(table.build, answer.gemm)) {
    text += against_default(advice, table.default_threads, limit.threads);
  }
  if (advice.stays_with_default) {
    text +=
        advice.default_seconds > 0
            ? "Another count may be faster, but the evidence is too thin to leave the library's own choice.\n"
            : "The library's own choice stays, since nothing shows that another count is faster.\n";
  }
  text += sureness(advice, table.tolerance) + "\n";
  if (limit.present) {
    text += fmt::format("Now others use {:.1f} of {}, which leaves {}.\n", limit.present->others,
                        count_text(static_cast<std::int64_t>(limit.present->processors), "processor"),
                        limit.present->available);
  }
  if (!limit.reason.empty()) text += "Limited by " + limit.reason + ".\n";
  text += "OpenBLAS: " + describe(table.build) + ".\n";
  return text;
}

std::string gemm_json(const GemmAnswer& answer, const Answering& answering, const CountLimit& limit) {
  Json json{{"schema", schema}};
  json.update(advice_object(answer.advice));
  json["gemm"] = gemm_object(answer.gemm);
  json.update(source_object(answering, limit));
  return line_of(json);
}

std::string network_text(const NetworkAnswer& answer, const Table& table, const CountLimit& limit) {
  std::string text;
  const auto layers = layers_of(*answer.question.network);
  for (std::size_t i = 0; i < layers.size(); ++i) {
    const Advice& advice = answer.times.layers[i];
    text += fmt::format("layer {:>5} -> {:<5} {:>3} {:<8} {:>8}   ({})\n", layers[i].m, layers[i].n,
                        advice.threads, advice.threads == 1 ? "thread" : "threads",
                        seconds_text(advice.expected_seconds), basis_text(advice));
  }
  text +=
      fmt::format("whole pass, a count for each layer   {:>8}\n", seconds_text(answer.times.advised_seconds));
  text += fmt::format(
      "{:<37}{:>8}\n",
      table.default_threads <= limit.threads ? "the library's default" : "as many as are allowed",
      answer.times.default_seconds > 0 ? seconds_text(answer.times.default_seconds) : "not measured");
  text +=
      fmt::format("best single count: {:<3}               {:>8}   ({})\n", answer.times.best_constant.threads,
                  seconds_text(answer.times.best_constant.seconds), name(answer.times.best_constant.basis));
  std::vector<int> counts;
  for (const auto& constant : answer.times.constants) counts.push_back(constant.threads);
  const auto shown = counts_to_show(counts, answer.times.best_constant.threads);
  for (const auto& constant : answer.times.constants) {
    if (std::ranges::binary_search(shown, constant.threads)) text += constant_line(constant, answer.times);
  }
  if (answer.best.batch > 0) {
    text += fmt::format("best batch size: {:<7}             {:>8} a sample   ({}){}\n", answer.best.batch,
                        seconds_text(answer.best.seconds_per_sample), name(answer.best.basis),
                        answer.best.is_largest
                            ? ", the largest that was looked at"
                            : fmt::format("; larger ones gain less than {:.0f} %", 100 * table.tolerance));
  }
  return text;
}

std::string network_json(const NetworkAnswer& answer, const Answering& answering, const CountLimit& limit) {
  Json json{{"schema", schema},
            {"dtype", name(answer.question.dtype)},
            {"pass", name(answer.question.pass)},
            {"layout", name(answer.question.layout)},
            {"batch", answer.question.batch}};
  Json layers = Json::array();
  const auto network_layers = layers_of(*answer.question.network);
  for (std::size_t i = 0; i < network_layers.size(); ++i) {
    Json layer{{"m", network_layers[i].m}, {"n", network_layers[i].n}};
    layer.update(advice_object(answer.times.layers[i]));
    layer["gemm"] = gemm_object(answer.question.gemms[i]);
    layers.push_back(std::move(layer));
  }
  json["layers"] = std::move(layers);
  json["pass_seconds"] = answer.times.advised_seconds;
  json["default_pass_seconds"] = known_or_null(answer.times.default_seconds);
  json["best_single"] = constant_object(answer.times.best_constant);
  Json constants = Json::array();
  for (const auto& constant : answer.times.constants) constants.push_back(constant_object(constant));
  json["single_counts"] = std::move(constants);
  json["best_batch"] = answer.best.batch == 0 ? Json(nullptr)
                                              : Json{{"batch", answer.best.batch},
                                                     {"seconds_per_sample", answer.best.seconds_per_sample},
                                                     {"basis", name(answer.best.basis)}};
  json.update(source_object(answering, limit));
  return line_of(json);
}

}  // namespace blastune
