// SPDX-License-Identifier: BSD-3-Clause
#include "tuner/verify_run.h"

#include <algorithm>
#include <array>
#include <utility>

#include "model/rng.h"
#include "tuner/burst_size.h"
#include "tuner/rests.h"

namespace blastune {
namespace {

constexpr double stretch_seconds = 0.25;
constexpr double guessed_seconds_per_flop = 5e-11;

// Of one gemm. Halves are told apart by the parity of a block's number.
struct Sums {
  std::vector<double> seconds;
  std::size_t blocks = 0;
};

class Blocks {
 public:
  explicit Blocks(std::size_t counts)
      : halves_{Sums{std::vector<double>(counts), 0}, {std::vector<double>(counts), 0}} {}

  void add(std::span<const double> seconds) {
    Sums& half = halves_.at((halves_[0].blocks + halves_[1].blocks) % 2);
    for (std::size_t i = 0; i < seconds.size(); ++i) half.seconds[i] += seconds[i];
    ++half.blocks;
  }
  [[nodiscard]] bool has_halves() const { return halves_[1].blocks > 0; }
  [[nodiscard]] VerifiedGemm means(const Gemm& gemm) const {
    VerifiedGemm verified;
    verified.gemm = gemm;
    const auto mean_of = [this](std::size_t place, bool even, bool odd) {
      const double sum = (even ? halves_[0].seconds[place] : 0) + (odd ? halves_[1].seconds[place] : 0);
      return sum / static_cast<double>((even ? halves_[0].blocks : 0) + (odd ? halves_[1].blocks : 0));
    };
    for (std::size_t place = 0; place < halves_[0].seconds.size(); ++place) {
      verified.seconds.push_back(mean_of(place, true, true));
      verified.even_seconds.push_back(mean_of(place, true, false));
      verified.odd_seconds.push_back(mean_of(place, false, true));
    }
    return verified;
  }

 private:
  std::array<Sums, 2> halves_;
};

// Learns what a call takes, for bursts of a fitting length.
class Measuring {
 public:
  Measuring(const VerifySetup& setup, Prober& prober)
      : setup_(setup),
        prober_(prober),
        rng_(setup.seed),
        blocks_(setup.gemms.size(), Blocks(setup.counts.size())),
        call_seconds_(setup.gemms.size()) {
    for (std::size_t i = 0; i < setup.gemms.size(); ++i)
      call_seconds_[i] = flops(setup.gemms[i]) * guessed_seconds_per_flop;
  }

  std::vector<std::size_t> shuffled() {
    std::vector<std::size_t> order(setup_.gemms.size());
    for (std::size_t i = 0; i < order.size(); ++i) order[i] = i;
    rng_.shuffle(std::span(order));
    return order;
  }

  [[nodiscard]] double expected_block_seconds(std::size_t at) const {
    double seconds = 0;
    for (const int count : setup_.counts) seconds += expected_seconds(burst(at, count), call_seconds_[at]);
    return seconds;
  }

  Result<void> measure(std::span<const std::size_t> stretch, VerifyProgress& progress) {
    std::vector<BurstRequest> requests;
    for (const auto at : stretch) {
      const auto first = requests.size();
      for (const int count : setup_.counts) requests.push_back(burst(at, count));
      rng_.shuffle(std::span(requests).subspan(first));
    }
    const auto results = prober_.run(requests);
    if (!results) return results.error();
    for (std::size_t i = 0; i < stretch.size(); ++i) {
      const auto first = i * setup_.counts.size();
      take(stretch[i], std::span(requests).subspan(first, setup_.counts.size()),
           std::span(*results).subspan(first, setup_.counts.size()), progress);
    }
    return {};
  }

  [[nodiscard]] std::vector<VerifiedGemm> gemms() const {
    std::vector<VerifiedGemm> gemms;
    for (std::size_t i = 0; i < blocks_.size(); ++i) {
      if (blocks_[i].has_halves()) gemms.push_back(blocks_[i].means(setup_.gemms[i]));
    }
    return gemms;
  }

 private:
  [[nodiscard]] BurstRequest burst(std::size_t at, int count) const {
    return fitting_burst(setup_.gemms[at], count, call_seconds_[at]);
  }
  void take(std::size_t at, std::span<const BurstRequest> requests,
            std::span<const std::optional<BurstResult>> results, VerifyProgress& progress) {
    std::vector<double> seconds(setup_.counts.size());
    bool is_whole = true;
    for (std::size_t i = 0; i < requests.size(); ++i) {
      if (!results[i] || is_disturbed(requests[i], results[i]->context)) {
        is_whole = false;
        continue;
      }
      const auto place = std::ranges::lower_bound(setup_.counts, requests[i].threads) - setup_.counts.begin();
      seconds[static_cast<std::size_t>(place)] = burst_value(*results[i]);
    }
    if (is_whole) {
      blocks_[at].add(seconds);
      call_seconds_[at] = *std::ranges::min_element(seconds);
    }
    ++(is_whole ? progress.blocks : progress.disturbed);
  }

  const VerifySetup& setup_;
  Prober& prober_;
  Rng rng_;
  std::vector<Blocks> blocks_;
  std::vector<double> call_seconds_;
};

}  // namespace

Result<MeasuredGemms> measure_for_verification(const VerifySetup& setup, Prober& prober, Clock& clock,
                                               const VerifyObserver& observer) {
  Measuring measuring(setup, prober);
  Rests rests(clock);
  MeasuredGemms measured;
  const double begun = clock.monotonic_seconds();
  bool goes_on = !setup.gemms.empty();
  for (int round = 0; goes_on; ++round) {
    const auto order = measuring.shuffled();
    for (auto next = order.begin(); next != order.end() && goes_on;) {
      const auto first = next;
      for (double seconds = 0; next != order.end() && seconds < stretch_seconds; ++next)
        seconds += measuring.expected_block_seconds(*next);
      rests.rest_when_due();
      if (auto done = measuring.measure(std::span(first, next), measured.progress); !done)
        return done.error();
      measured.progress.spent_seconds = clock.monotonic_seconds() - begun;
      goes_on = observer(measured.progress) &&
                (round < setup.least_blocks || measured.progress.spent_seconds < setup.budget_seconds);
    }
  }
  measured.gemms = measuring.gemms();
  return measured;
}

std::vector<VerifiedGemm> recorded_for_verification(const Recording& recording, const Table* used) {
  std::vector<VerifiedGemm> gemms;
  const auto counts = recording.counts();
  for (const auto& gemm : recording.gemms()) {
    const Curve* curve = used == nullptr ? nullptr : used->find(gemm);
    VerifiedGemm verified;
    verified.gemm = gemm;
    for (const int count : counts) {
      const auto calls = recording.calls(gemm, count);
      const CurvePoint* point = curve == nullptr ? nullptr : curve->find(count);
      const auto skipped =
          point == nullptr ? 0 : std::min(static_cast<std::size_t>(point->seconds.count()), calls.size());
      verified.seconds.push_back(skipped == calls.size() ? 0 : median(calls.subspan(skipped)));
    }
    gemms.push_back(std::move(verified));
  }
  return gemms;
}

}  // namespace blastune
