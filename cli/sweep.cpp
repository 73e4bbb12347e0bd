// SPDX-License-Identifier: BSD-3-Clause
#include "cli/sweep.h"

#include <fmt/core.h>

#include <nlohmann/json.hpp>

#include "cli/format.h"

namespace blastune {
namespace {

// The batch size is the second size of a forward gemm, whatever the layout (layer.h).
std::int64_t batch_of(const BurstRequest& request) {
  return request.gemm.n;
}

// The batch size's fastest pass: smallest count within the tolerance, as the advisor would choose. 0 where a
// count was never measured undisturbed.
int best_count(const SweepSetup& setup, const SweepTimes& times, std::int64_t batch) {
  Curve curve;
  for (const int count : setup.counts) {
    const Moments* seconds = times.find(batch, count);
    if (seconds == nullptr) return 0;
    curve.at(count).seconds = *seconds;
  }
  return best_threads(curve, setup.counts.back(), default_tolerance);
}

std::string network_name(const Network& network) {
  std::string text;
  for (const auto size : network.sizes) text += (text.empty() ? "" : "-") + std::to_string(size);
  return text;
}

}  // namespace

std::vector<std::vector<BurstRequest>> sweep_passes(const SweepSetup& setup, Rng& rng) {
  std::vector<std::vector<BurstRequest>> passes;
  for (const auto batch : setup.batches) {
    for (const int count : setup.counts) {
      std::vector<BurstRequest> pass;
      for (const auto& layer : layers_of(setup.network)) {
        pass.push_back(
            {layer_gemm(layer, batch, setup.dtype, Pass::forward, Layout::features_by_batch), count, 1, 1});
      }
      passes.push_back(std::move(pass));
    }
  }
  rng.shuffle(std::span(passes));
  return passes;
}

void SweepTimes::add(std::span<const BurstRequest> pass,
                     std::span<const std::optional<BurstResult>> results) {
  double seconds = 0;
  for (std::size_t i = 0; i < pass.size(); ++i) {
    if (!results[i] || is_disturbed(pass[i], results[i]->context)) {
      ++left_out_;
      return;
    }
    seconds += burst_value(*results[i]);
  }
  for (std::size_t i = 0; i < pass.size(); ++i) {
    calls_.push_back({pass[i].gemm, pass[i].threads, burst_value(*results[i])});
  }
  passes_[{batch_of(pass.front()), pass.front().threads}].add(seconds);
}

const Moments* SweepTimes::find(std::int64_t batch, int threads) const {
  const auto entry = passes_.find({batch, threads});
  return entry == passes_.end() ? nullptr : &entry->second;
}

std::string sweep_text(const SweepSetup& setup, const SweepTimes& times) {
  std::string text = fmt::format("forward pass of {}, {}: mean time, and the best count\n{:>8}",
                                 network_name(setup.network), name(setup.dtype), "batch");
  for (const int count : setup.counts) text += fmt::format(" {:>11}", count_text(count, "thread"));
  text += "   best  per sample\n";
  for (const auto batch : setup.batches) {
    text += fmt::format("{:>8}", batch);
    for (const int count : setup.counts) {
      const Moments* seconds = times.find(batch, count);
      text += fmt::format(" {:>11}", seconds == nullptr ? "-" : seconds_text(seconds->mean()));
    }
    if (const int best = best_count(setup, times, batch); best > 0) {
      text += fmt::format("   {:>4}  {:>10}", best,
                          seconds_text(times.find(batch, best)->mean() / static_cast<double>(batch)));
    }
    text += '\n';
  }
  if (times.left_out() > 0) {
    text += fmt::format("{} left out because other programs used the processors or the worker failed\n",
                        count_text(times.left_out(), "run"));
  }
  return text;
}

std::string sweep_json(const SweepSetup& setup, const SweepTimes& times) {
  using Json = nlohmann::ordered_json;
  Json json{{"schema", 1},
            {"layers", setup.network.sizes},
            {"dtype", name(setup.dtype)},
            {"left_out", times.left_out()}};
  Json batches = Json::array();
  for (const auto batch : setup.batches) {
    Json counts = Json::array();
    for (const int count : setup.counts) {
      const Moments* seconds = times.find(batch, count);
      if (seconds == nullptr) continue;
      counts.push_back({{"threads", count},
                        {"pass_seconds", seconds->mean()},
                        {"standard_error", seconds->standard_error()},
                        {"passes", seconds->count()}});
    }
    batches.push_back(
        {{"batch", batch}, {"best_threads", best_count(setup, times, batch)}, {"counts", std::move(counts)}});
  }
  json["batches"] = std::move(batches);
  return json.dump() + '\n';
}

}  // namespace blastune
