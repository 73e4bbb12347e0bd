// SPDX-License-Identifier: BSD-3-Clause
#include "load/available_cores.h"

#include <algorithm>
#include <cmath>

namespace blastune {
namespace {

// The kernel counts use in ticks, and a machine is never quite idle. Between the first two nothing changes.
// On large machines it is a share of them.
constexpr double overdraft = 0.4;  // so much more may be taken than is left
constexpr double spare = 0.75;     // so much of a core must be left for it to be taken
constexpr double nobody = 0.3;     // others that use less are nobody
constexpr double share = 0.005;
constexpr double somebody = 0.75;  // and from here on there is certainly somebody

// How long something must be free before it is taken: so long at least, and so much longer by whoever has
// the whole machine. The root tells small shares apart.
constexpr double shortest_patience = 0.15;
constexpr double longest_patience = 1.2;

// A collision costs about a slice of the scheduler, some 3 ms: every tenth of a second that is 3 %.
constexpr double trial_seconds = 0.3;  // a collision this soon after growing means that growing was wrong
constexpr double first_pause = 0.1;
constexpr double first_pause_alone = 0.01;
constexpr double longest_pause = 3.2;
constexpr double longest_pause_alone = 0.4;

constexpr double longest_offer_pause = 60;
constexpr int offered_part = 8;  // one of so many
constexpr double unused = 0.5;   // using less of its own than this, it is not the others who keep it small

}  // namespace

double AvailableCores::at_least(double cores) const {
  return std::max(cores, share * capacity_);
}

void AvailableCores::set_capacity(int capacity) {
  capacity = std::max(1, capacity);
  // Where it had all, it has all of what there is now.
  cores_ = cores_ == capacity_ ? capacity : std::min(cores_, capacity);
  capacity_ = capacity;
}

void AvailableCores::guess(double processors, int running_others) {
  if (!(processors >= 1) || running_others < 1) return;
  cores_ = static_cast<int>(std::clamp(processors - running_others, 1.0, static_cast<double>(capacity_)));
}

void AvailableCores::look(double now, const SeenUse& seen) {
  if (!(seen.seconds >= shortest_look_seconds) || !std::isfinite(seen.others) || !std::isfinite(seen.own) ||
      !(seen.processors >= 1))
    return;
  const double others = std::clamp(seen.others, 0.0, seen.processors);
  // On fewer than the capacity nobody can have more than there are, not even alone.
  const int most = static_cast<int>(std::min<double>(capacity_, seen.processors));
  const double room = std::min<double>(most, seen.processors - others);
  alone_ = others < at_least(nobody);
  retry_at_ = never;
  if (now - grown_at_ >= trial_seconds && grown_at_ >= collided_at_) pause_ = 0;
  if (room < cores_ - at_least(overdraft)) {
    shrink(now, static_cast<int>(std::floor(room + at_least(overdraft))));
    return;
  }
  const double free = room - cores_;
  if (free < spare && !(alone_ && cores_ < most)) {
    free_since_ = -1;
    if (offering_) {
      // Somebody took it: there may be more like that.
      offering_ = false;
      offer_pause_ = first_offer_pause;
    }
    offer_when_due(now, seen);
    return;
  }
  crowded_since_ = -1;
  if (cores_ < most) grow(now, most, free);
}

void AvailableCores::shrink(double now, int cores) {
  cores_ = std::clamp(cores, 1, capacity_);
  free_since_ = -1;
  offering_ = false;
  crowded_since_ = now;
}

void AvailableCores::grow(double now, int most, double free) {
  if (now - collided_at_ < std::min(pause_, alone_ ? longest_pause_alone : longest_pause)) {
    free_since_ = -1;
    return;
  }
  if (alone_) {
    cores_ = most;
    grown_at_ = now;
    offering_ = false;
    return;
  }
  if (free_since_ < 0) free_since_ = now;
  const double own_share = static_cast<double>(cores_) / capacity_;
  // So much is not what somebody offers: somebody has gone.
  const bool is_plenty = free >= 2 && free >= cores_;
  const double patience =
      is_plenty ? 0 : shortest_patience + (longest_patience - shortest_patience) * std::sqrt(own_share);
  if (now - free_since_ < patience) return;
  const int whole = std::max(1, static_cast<int>(std::floor(free + (1 - spare))));
  cores_ = std::min(most, cores_ + (whole + 1) / 2);
  grown_at_ = now;
  free_since_ = now;
  if (offering_) {
    // Nobody wanted it.
    offering_ = false;
    offer_pause_ = std::min(longest_offer_pause, 2 * offer_pause_);
  }
}

void AvailableCores::offer_when_due(double now, const SeenUse& seen) {
  const bool is_crowded = seen.others >= somebody && cores_ > 1 && seen.own >= cores_ - unused;
  if (!is_crowded) {
    crowded_since_ = -1;
    return;
  }
  if (crowded_since_ < 0) crowded_since_ = now;
  if (now - crowded_since_ < offer_pause_) return;
  cores_ -= std::max(1, cores_ / offered_part);
  offering_ = true;
  crowded_since_ = -1;
  free_since_ = -1;
}

void AvailableCores::collide(double now, int threads, double lacking) {
  if (threads < 2 || !(lacking > 0)) return;
  const double missing = std::clamp(std::round(lacking), 1.0, static_cast<double>(threads - 1));
  const int fitting = threads - static_cast<int>(missing);
  if (fitting >= cores_) return;
  const bool trial_failed = now - grown_at_ < trial_seconds && grown_at_ >= collided_at_;
  const double first = alone_ ? first_pause_alone : trial_failed ? first_pause : 0;
  pause_ = trial_failed ? std::clamp(2 * pause_, first, longest_pause) : first;
  collided_at_ = now;
  const bool is_retrying = retry_at_ < never;
  retried_cores_ = is_retrying ? std::max(retried_cores_, cores_) : cores_;
  shrink(now, fitting);
  retry_at_ = alone_ ? now + pause_ : never;
}

void AvailableCores::retry(double now) {
  if (now < retry_at_) return;
  retry_at_ = never;
  cores_ = std::min(std::max(retried_cores_, cores_), capacity_);
  grown_at_ = now;
}

}  // namespace blastune
