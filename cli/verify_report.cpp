// SPDX-License-Identifier: BSD-3-Clause
#include "cli/verify_report.h"

#include <fmt/core.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "base/parse.h"
#include "cli/format.h"

namespace blastune {
namespace {

constexpr std::size_t worst_shown = 8;

using Json = nlohmann::ordered_json;

std::string line(const std::string& what, const RegretSummary& regret) {
  const std::string across = regret.across_halves > 0 ? fmt::format("{:.3f}", regret.across_halves) : "-";
  return fmt::format("  {:<24} {:>6.3f} ({:.3f} to {:.3f}) {:>6.2f} {:>6.2f} {:>7} {:>6}\n", what,
                     regret.geometric_mean, regret.interval.low, regret.interval.high, regret.p95,
                     regret.worst, across, regret.gemms);
}

// Whether threads are worth as much now as the table says. Where placement is up to a hypervisor or to the
// frequency of the moment, that may change by a factor, and every answer with it.
std::string state_text(const Verification& verification, const VerifyAnswer& answer) {
  constexpr double same = 1.1;
  constexpr std::size_t least_gemms = 10;  // of fewer, single answers that are wrong would look like a state
  const int threads = std::min(answer.default_threads, verification.counts().back());
  const TimeAgainstOne against = verification.against_one(threads);
  const double change = against.measured / against.expected;
  std::string text;
  if (against.gemms >= least_gemms && (change > same || change < 1 / same)) {
    text += fmt::format(
        "  {} took {:.2f} times what one takes, and the table says {:.2f}: the machine is in another state "
        "than when it was tuned, or other programs disturbed the tune or this measurement{}\n",
        count_text(threads, "thread"), against.measured, against.expected,
        answer.blocks > 0 ? "; `blastune tune` adds the present state to the table" : "");
  }
  // Fewer threads are worth as much as that to the advice.
  if (verification.of_advice().geometric_mean >
      (1 + answer.tolerance) * verification.of_default().geometric_mean) {
    text += answer.blocks > 0 ? "  worse than the default: tune again now, or remove the table\n"
                              : "  worse than the default: the table is not one for these times\n";
  }
  return text;
}

std::string type_text(const VerifiedType& type, const VerifyAnswer& answer) {
  const Verification& verification = type.verification;
  std::string text = fmt::format("{:<26} {:>6} {:>18} {:>6} {:>6} {:>7} {:>6}\n",
                                 std::string(name(type.dtype)) + ", regret of", "mean", "(95 % interval)",
                                 "95th", "worst", "halves", "gemms");
  if (type.asked > verification.gemms().size() + verification.left_out()) {
    text += fmt::format("  only {} of {} gemms were measured twice undisturbed\n",
                        verification.gemms().size(), type.asked);
  }
  text += line("the advice", verification.of_advice());
  for (const auto basis : {Basis::measured, Basis::interpolated}) {
    const RegretSummary regret = verification.of_advice(basis);
    if (regret.gemms > 0 && regret.gemms < verification.gemms().size())
      text += line(fmt::format("  where {}", name(basis)), regret);
  }
  text += line(fmt::format("the default, {}", answer.default_threads), verification.of_default());
  // Where counts are missing, constants are not judged by the same gemms.
  const bool is_whole = std::ranges::all_of(verification.gemms(), [](const VerifiedGemm& gemm) {
    return std::ranges::all_of(gemm.seconds, [](double seconds) { return seconds > 0; });
  });
  for (const int count : counts_to_show(verification.counts(), verification.best_constant())) {
    text += line(fmt::format("always {}{}", count,
                             is_whole && count == verification.best_constant() ? ", the best" : ""),
                 verification.of_constant(count));
  }
  std::string losses;
  for (const auto& gemm : verification.worst(worst_shown)) {
    const double regret = verification.regret(gemm, gemm.advice.threads);
    if (regret <= 1) break;
    losses += fmt::format("    {:>6.3f}  {}: {} advised ({}), {} fastest\n", regret, describe(gemm.gemm),
                          gemm.advice.threads, name(gemm.advice.basis), verification.fastest(gemm));
  }
  if (!losses.empty()) text += "  the advice loses most for\n" + losses;
  text += state_text(verification, answer);
  if (verification.left_out() > 0) {
    text += fmt::format("  left out: {} without advice or with times of one count only\n",
                        count_text(static_cast<std::int64_t>(verification.left_out()), "gemm"));
  }
  return text;
}

Json regret_json(std::string_view policy, const RegretSummary& regret) {
  Json json{{"policy", policy}, {"gemms", regret.gemms}};
  if (regret.gemms == 0) return json;
  json["geometric_mean"] = regret.geometric_mean;
  json["interval"] = {regret.interval.low, regret.interval.high};
  json["p95"] = regret.p95;
  json["worst"] = regret.worst;
  json["across_halves"] = regret.across_halves > 0 ? Json(regret.across_halves) : Json(nullptr);
  return json;
}

Json type_json(const VerifiedType& type) {
  const Verification& verification = type.verification;
  Json policies = Json::array();
  policies.push_back(regret_json("advice", verification.of_advice()));
  policies.push_back(regret_json("advice, measured", verification.of_advice(Basis::measured)));
  policies.push_back(regret_json("advice, interpolated", verification.of_advice(Basis::interpolated)));
  policies.push_back(regret_json("default", verification.of_default()));
  Json constants = Json::array();
  for (const int count : verification.counts()) {
    Json constant = regret_json("constant", verification.of_constant(count));
    constant["threads"] = count;
    if (const auto against = verification.against_one(count); against.gemms > 0) {
      constant["against_one"] = against.measured;
      constant["expected_against_one"] = against.expected;
    }
    constants.push_back(std::move(constant));
  }
  Json gemms = Json::array();
  for (const auto& gemm : verification.worst(verification.gemms().size())) {
    Json times = Json::array();
    for (std::size_t i = 0; i < gemm.seconds.size(); ++i) {
      if (gemm.seconds[i] > 0)
        times.push_back({{"threads", verification.counts()[i]}, {"seconds", gemm.seconds[i]}});
    }
    gemms.push_back({{"transpose", transpose_letters(gemm.gemm)},
                     {"m", gemm.gemm.m},
                     {"n", gemm.gemm.n},
                     {"k", gemm.gemm.k},
                     {"regret", verification.regret(gemm, gemm.advice.threads)},
                     {"advised_threads", gemm.advice.threads},
                     {"basis", name(gemm.advice.basis)},
                     {"fastest_threads", verification.fastest(gemm)},
                     {"times", std::move(times)}});
  }
  return {{"dtype", name(type.dtype)},
          {"asked", type.asked},
          {"left_out", verification.left_out()},
          {"best_constant", verification.best_constant()},
          {"policies", std::move(policies)},
          {"constants", std::move(constants)},
          {"gemms", std::move(gemms)}};
}

}  // namespace

std::string verify_text(const VerifyAnswer& answer) {
  std::string text = fmt::format("{} for {}\nby times of {}", printable(answer.table), describe(answer.build),
                                 printable(answer.source));
  if (answer.blocks > 0) {
    text += fmt::format(": {} in {}", count_text(answer.blocks, "block"), seconds_text(answer.spent_seconds));
    if (answer.disturbed > 0)
      text += fmt::format(", {} more left out because other programs used the processors", answer.disturbed);
  }
  text += '\n';
  for (const auto& type : answer.types) text += '\n' + type_text(type, answer);
  return text;
}

std::string verify_json(const VerifyAnswer& answer) {
  Json types = Json::array();
  for (const auto& type : answer.types) types.push_back(type_json(type));
  const Json json{{"schema", 1},
                  {"table", answer.table},
                  {"build", describe(answer.build)},
                  {"build_id", answer.build.build_id},
                  {"source", answer.source},
                  {"default_threads", answer.default_threads},
                  {"blocks", answer.blocks},
                  {"disturbed", answer.disturbed},
                  {"spent_seconds", answer.spent_seconds},
                  {"types", std::move(types)}};
  return json.dump(-1, ' ', false, Json::error_handler_t::replace) + '\n';
}

}  // namespace blastune
