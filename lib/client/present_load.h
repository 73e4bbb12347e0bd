// SPDX-License-Identifier: BSD-3-Clause
//
// How many cores the others leave to this process, as its multiplies see it. Two sides tell: looks at the
// kernel's figures, at most ten a second and at most 0.5 % of the time, by the multiply that finds one due;
// and multiplies with several threads that took far longer than expected. Where a service shows the figures
// in a page of memory, and this process may run everywhere, a look is at the page when that has changed.
// Nobody waits for a lock: who finds another thread at it goes on with what there is. Nothing allocates. The
// rules are in load/available_cores.h.
#pragma once

#include <time.h>

#include <atomic>
#include <cstdint>
#include <optional>

#include "client/load_sides.h"
#include "client/stopwatch.h"
#include "load/available_cores.h"
#include "load/load_page.h"
#include "load/processor_use.h"

namespace blastune {

// Processor time of all threads of this process, those that ended included.
[[nodiscard]] double own_process_seconds();

// Where it looks, and the time; replaced by tests.
struct LoadEdges {
  const char* stat = "/proc/stat";
  const char* tasks = "/proc/self/task";
  const char* loadavg = "/proc/loadavg";
  std::int64_t (*nanoseconds)() = &monotonic_nanoseconds;
  double (*own_seconds)() = &own_process_seconds;
};

class PresentLoad {
 public:
  static constexpr int unlimited = 0xFFFF;

  enum class Feeling : std::uint8_t {
    unknown,         // another thread is looking, or there is nothing to compare with
    waited,          // the call waited for processors: available() has fallen, or was below already
    not_contention,  // no wait explains it: what others do has nothing to do with it
  };

  constexpr PresentLoad() = default;
  explicit PresentLoad(const LoadEdges& edges) : edges_(edges) {}
  PresentLoad(const PresentLoad&) = delete;
  PresentLoad& operator=(const PresentLoad&) = delete;

  // Processors that other processes leave to this one, as far as is known. At least 1.
  [[nodiscard]] int available() const { return available_.load(std::memory_order_relaxed); }
  [[nodiscard]] double seconds_a_tick() const { return stopwatch_.seconds_a_tick(); }
  [[nodiscard]] bool feels() const { return feels_.load(std::memory_order_relaxed); }

  // Before a call that may use several threads. now: nanoseconds of CLOCK_MONOTONIC, to the kernel's tick.
  void look_if_due(std::int64_t now) {
    if (page_.sequence() != page_seen_.load(std::memory_order_relaxed)) [[unlikely]]
      look_at_page();
    if (now >= next_look_.load(std::memory_order_relaxed)) [[unlikely]]
      look();
  }
  void look();
  // A page that has changed.
  void look_at_page();

  // Whether a call that is_suspicious() had to wait for a processor.
  Feeling feel(int threads, double seconds, double expected_seconds);

  // capacity: processors that this process may use when nobody else is there; where: which ones they are.
  void set_machine(int capacity, const ProcessorSet& where);
  void set_sides(LoadSides sides);
  // Learns how long a tick is, where no look does so. To be called now and then.
  void tend_stopwatch();
  // Looks for the page of a service, now and then; one thread at a time.
  void find_page(const char* directory) { page_.refresh(directory); }
  // In the child of a fork().
  void forget();

 private:
  class Turn;
  // What was at the last look, or the last time that something was felt.
  struct Before {
    std::int64_t nanoseconds = 0;  // 0: nothing
    ProcessorUse use;              // no processors: it could not be read
    double own_seconds = 0;
    double waited_seconds = -1;  // below 0: not counted
    std::int64_t waited_at = 0;  // when that was
  };

  void publish();
  // The next look, or before it the time to try again what a collision took away.
  void schedule(std::int64_t look);
  void guess(const Before& now);
  void take_in(const Before& now);
  [[nodiscard]] std::optional<Before> read_page() const;
  void note(const Before& now) { before_ = now; }
  [[nodiscard]] Before read() const;
  // What the kernel's lines, each rounded for itself, may show too much.
  [[nodiscard]] double rounding(const Before& now, double seconds) const;

  std::atomic<int> available_{unlimited};
  std::atomic<bool> feels_{false};
  std::atomic<std::int64_t> next_look_{0};   // or try; monotonic nanoseconds
  std::atomic<std::uint64_t> page_seen_{0};  // the sequence of the last one
  LoadPageReader page_;
  std::atomic<bool> busy_{false};  // whoever has set it owns what follows
  LoadEdges edges_;
  LoadSides sides_;
  Stopwatch stopwatch_;
  AvailableCores cores_{1};
  bool has_machine_ = false;
  ProcessorSet where_;
  Before before_;
  std::int64_t look_at_ = 0;     // not before
  bool collided_ = false;        // since the last look
  int unread_ = 0;               // looks one after the other that found nothing to read
  std::int64_t feel_again_ = 0;  // not before
  std::int64_t page_again_ = 0;  // not before
  std::int64_t suspected_ = 0;   // when something could not be explained, where the kernel does not count
};

}  // namespace blastune
