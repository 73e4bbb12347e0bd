// SPDX-License-Identifier: BSD-3-Clause
//
// How many cores a process takes for available to its multiplies, decided from what it sees: now and then how
// the others use the machine, and at once when a multiply had to wait for a core. Pure: no clock, no file,
// no thread; the same calls give the same answers.
//
// Nobody is told of anybody: each process sees only what all others use together. Three rules make many of
// them share well (docs/adr/0009-present-load.md):
//   Retreat is immediate. Whoever collides gives up what was missing; whoever sees less left takes less.
//   Growth waits, the longer the more one has: freed cores go to whoever has least. Alone, it does not wait.
//   Whoever uses a full machine together with others offers a part of its own now and then. Taken by
//   somebody smaller, the next offer comes soon; left lying, it is taken back and the next offer is far.
// A trial that ends in a collision makes the next one later. Where the last look saw nobody, the first trial
// is very soon: on an idle machine, too, something runs for a moment now and then.
#pragma once

#include <limits>

namespace blastune {

// How the machine was used between two looks.
struct SeenUse {
  double seconds = 0;     // between the looks; a shorter one than shortest_look_seconds says nothing
  double processors = 0;  // where this process may run
  double others = 0;      // of these, on average, used by others; what yields to us is not counted
  double own = 0;         // and by ourselves
};

class AvailableCores {
 public:
  static constexpr double shortest_look_seconds = 0.05;
  static constexpr double first_offer_pause = 0.5;
  static constexpr double never = std::numeric_limits<double>::infinity();

  // capacity: as many as this process may use when nobody else is there. Raised to 1 where it is below.
  constexpr explicit AvailableCores(int capacity)
      : capacity_(capacity > 1 ? capacity : 1), cores_(capacity_) {}

  // From 1 to the capacity.
  [[nodiscard]] int cores() const { return cores_; }
  [[nodiscard]] int capacity() const { return capacity_; }

  // now: seconds that never step back, here and below.
  // Before the first look: so many threads of others run at this moment. It is a guess from one moment, and
  // the first look takes its place.
  void guess(double processors, int running_others);
  void look(double now, const SeenUse& seen);
  // A multiply with so many threads waited for processors: on average for so many of them while it ran.
  void collide(double now, int threads, double lacking);
  // When what a collision took away may be tried again before the next look; infinite: not before.
  [[nodiscard]] double retry_at() const { return retry_at_; }
  // Does nothing before retry_at().
  void retry(double now);
  void set_capacity(int capacity);

 private:
  void shrink(double now, int cores);
  void grow(double now, int most, double free);
  void offer_when_due(double now, const SeenUse& seen);

  [[nodiscard]] double at_least(double cores) const;

  int capacity_;
  int cores_;
  double free_since_ = -1;     // more was left than is taken; below 0: it is not
  double grown_at_ = -1e9;     // last
  double collided_at_ = -1e9;  // last
  double pause_ = 0;           // after a collision, before the next trial
  bool alone_ = true;          // nobody else was there at the last look
  double retry_at_ = never;
  int retried_cores_ = 0;                   // what they were before the collision
  double crowded_since_ = -1;               // below 0: it is not
  double offer_pause_ = first_offer_pause;  // of a crowded machine, before the next offer
  bool offering_ = false;                   // what was offered is neither taken nor taken back
};

}  // namespace blastune
