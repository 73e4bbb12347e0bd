// SPDX-License-Identifier: BSD-3-Clause
#include "client/present_load.h"

#include <algorithm>
#include <cmath>

#include "client/undisturbed.h"
#include "load/collision.h"
#include "load/running_now.h"
#include "load/seen_use.h"
#include "load/waited_seconds.h"

namespace blastune {
namespace {

constexpr std::int64_t look_nanoseconds = 100'000'000;
constexpr std::int64_t first_look_nanoseconds = 60'000'000;
// A page that was shown so long ago is late, and then the kernel is asked.
constexpr std::int64_t next_page_nanoseconds = 150'000'000;
// What we used ourselves is only known for now.
constexpr std::int64_t longest_notice_nanoseconds = 20'000'000;
constexpr auto shortest_page_nanoseconds =
    static_cast<std::int64_t>(AvailableCores::shortest_look_seconds * 1e9);
// Over more, what others used is no news; what they did not is: whoever seldom multiplies must get back what
// it once gave up.
constexpr double longest_look_seconds = 5;
// So many looks that found nothing to read, and it is not only that descriptors have run out for a moment.
constexpr int most_unread = 8;
// One look takes at most this part of the time, and one check of a slow multiply.
constexpr std::int64_t looks_part = 200;
constexpr std::int64_t checks_part = 20;
// Where the kernel does not count waits, two multiplies as slow as this, close to each other, must do.
constexpr std::int64_t close_nanoseconds = 50'000'000;
constexpr double certain_excess_seconds = 1e-3;

// What looking costs, however long it had to wait for a processor meanwhile.
std::int64_t thread_nanoseconds() {
  timespec used{};
  ::clock_gettime(CLOCK_THREAD_CPUTIME_ID, &used);
  return static_cast<std::int64_t>(used.tv_sec) * 1'000'000'000 + used.tv_nsec;
}

double seconds_of(std::int64_t nanoseconds) {
  return static_cast<double>(nanoseconds) * 1e-9;
}

}  // namespace

double own_process_seconds() {
  timespec used{};
  ::clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &used);
  return static_cast<double>(used.tv_sec) + static_cast<double>(used.tv_nsec) * 1e-9;
}

// Only one thread is at it, and nobody waits for it.
class PresentLoad::Turn {
 public:
  explicit Turn(std::atomic<bool>& busy)
      : busy_(busy), mine_(!busy.exchange(true, std::memory_order_acquire)) {}
  Turn(const Turn&) = delete;
  Turn& operator=(const Turn&) = delete;
  ~Turn() {
    if (mine_) busy_.store(false, std::memory_order_release);
  }
  explicit operator bool() const { return mine_; }

 private:
  std::atomic<bool>& busy_;
  bool mine_;
};

PresentLoad::Before PresentLoad::read() const {
  Before now;
  now.use = read_processor_use(edges_.stat, where_).value_or(ProcessorUse{});
  now.own_seconds = edges_.own_seconds();
  now.nanoseconds = edges_.nanoseconds();
  if (sides_.feels) now.waited_seconds = read_waited_seconds(edges_.tasks).value_or(-1);
  now.waited_at = now.nanoseconds;
  return now;
}

void PresentLoad::publish() {
  available_.store(cores_.cores(), std::memory_order_relaxed);
}

void PresentLoad::schedule(std::int64_t look) {
  look_at_ = look;
  const double retry = cores_.retry_at() * 1e9;
  next_look_.store(retry < static_cast<double>(look) ? static_cast<std::int64_t>(retry) : look,
                   std::memory_order_relaxed);
}

double PresentLoad::rounding(const Before& now, double seconds) const {
  if (where_.is_all()) return 0;
  // Twice the standard deviation: of two fields each, by half a hundredth of a second.
  return 0.01 * std::sqrt(now.use.processors) / seconds;
}

[[gnu::noinline]] void PresentLoad::look() {
  const Undisturbed undisturbed;
  const Turn turn(busy_);
  if (!turn || !has_machine_) return;
  const std::int64_t began = edges_.nanoseconds();
  if (began < look_at_ && seconds_of(began) >= cores_.retry_at()) {
    cores_.retry(seconds_of(began));
    publish();
    schedule(look_at_);
    return;
  }
  const std::int64_t used = thread_nanoseconds();
  stopwatch_.calibrate();
  const Before now = read();
  const std::int64_t cost = thread_nanoseconds() - used;
  const bool is_first = before_.nanoseconds == 0;
  unread_ = now.use.processors > 0 ? 0 : std::min(unread_ + 1, most_unread);
  if (sides_.looks && is_first) guess(now);
  if (sides_.looks && !is_first && now.use.processors > 0) take_in(now);
  if (!sides_.looks || unread_ == most_unread) {
    // Nobody shows what the others do: it is tried, as if nobody were there.
    cores_.look(seconds_of(began),
                {AvailableCores::shortest_look_seconds, static_cast<double>(cores_.capacity()), 0, 0});
    publish();
  }
  note(now);
  collided_ = false;
  schedule(began + std::max(is_first ? first_look_nanoseconds : look_nanoseconds, looks_part * cost));
}

// Nothing when it does not follow on what was seen before, as the kernel's figures would. Those that were
// shown to others may be of another machine, as in a container: processors tell.
std::optional<PresentLoad::Before> PresentLoad::read_page() const {
  if (!has_machine_ || !sides_.looks || !where_.is_all() || before_.nanoseconds == 0) return std::nullopt;
  const std::int64_t noticed = edges_.nanoseconds();
  const auto page = page_.read(noticed);
  if (!page || noticed - page->heartbeat > longest_notice_nanoseconds ||
      page->heartbeat - before_.nanoseconds < shortest_page_nanoseconds ||
      page->use.processors != before_.use.processors)
    return std::nullopt;
  Before now;
  now.nanoseconds = page->heartbeat;
  now.use = page->use;
  // As of the heartbeat: we went on since.
  const double part = static_cast<double>(page->heartbeat - before_.nanoseconds) /
                      static_cast<double>(noticed - before_.nanoseconds);
  now.own_seconds = before_.own_seconds + part * (edges_.own_seconds() - before_.own_seconds);
  if (sides_.feels) now.waited_seconds = read_waited_seconds(edges_.tasks).value_or(-1);
  now.waited_at = noticed;
  return now;
}

[[gnu::noinline]] void PresentLoad::look_at_page() {
  const Undisturbed undisturbed;
  const Turn turn(busy_);
  if (!turn) return;
  page_seen_.store(page_.sequence(), std::memory_order_relaxed);
  const std::int64_t began = edges_.nanoseconds();
  if (began < page_again_) return;
  const std::int64_t used = thread_nanoseconds();
  const auto now = read_page();
  if (!now) return;
  stopwatch_.calibrate();
  take_in(*now);
  note(*now);
  collided_ = false;
  page_again_ = began + looks_part * (thread_nanoseconds() - used);
  schedule(std::max(began + next_page_nanoseconds, page_again_));
}

// The first call cannot wait for two looks. Where this process may not run everywhere, nobody tells where the
// others run.
void PresentLoad::guess(const Before& now) {
  if (!where_.is_all()) return;
  const auto others = read_running_others(edges_.loadavg, edges_.tasks);
  if (!others) return;
  cores_.guess(now.use.processors, *others);
  publish();
}

void PresentLoad::take_in(const Before& now) {
  const auto reading = [](const Before& at) {
    return UseReading{seconds_of(at.nanoseconds), at.use, at.own_seconds};
  };
  auto seen = seen_between(reading(before_), reading(now), yields_to_others());
  if (!seen) return;
  seen->others = std::max(0.0, seen->others - rounding(now, seen->seconds));
  if (seen->seconds > longest_look_seconds && seen->processors - seen->others < cores_.cores()) return;
  cores_.look(seconds_of(now.nanoseconds), *seen);
  publish();
}

[[gnu::noinline]] PresentLoad::Feeling PresentLoad::feel(int threads, double seconds,
                                                         double expected_seconds) {
  const Undisturbed undisturbed;
  const Turn turn(busy_);
  const std::int64_t began = edges_.nanoseconds();
  if (!turn || !has_machine_ || !sides_.feels || began < feel_again_ || before_.nanoseconds == 0)
    return Feeling::unknown;
  const std::int64_t used = thread_nanoseconds();
  const double waited = read_waited_seconds(edges_.tasks).value_or(-1);
  feel_again_ = began + checks_part * (thread_nanoseconds() - used);
  // A kernel that tells nothing at all: there is no way to know, and none to come back.
  if (waited < 0 && before_.use.processors == 0) return Feeling::unknown;
  double lacking = 0;
  if (waited >= 0 && before_.waited_seconds >= 0) {
    lacking = lacking_processors(threads, seconds, expected_seconds, waited - before_.waited_seconds,
                                 seconds_of(began - before_.waited_at))
                  .value_or(0);
    before_.waited_seconds = waited;
    before_.waited_at = began;
  } else if (seconds - expected_seconds > certain_excess_seconds) {
    if (began - suspected_ < close_nanoseconds) lacking = 1;
    suspected_ = began;
  }
  if (lacking <= 0) return Feeling::not_contention;
  cores_.collide(seconds_of(began), threads, lacking);
  publish();
  // What is seen from the first one on is of the new state; trials that fail must not put off the look.
  if (!collided_) note(read());
  schedule(collided_ ? look_at_ : began + look_nanoseconds);
  collided_ = true;
  feel_again_ = began + checks_part * (thread_nanoseconds() - used);
  return Feeling::waited;
}

void PresentLoad::set_machine(int capacity, const ProcessorSet& where) {
  const Turn turn(busy_);
  if (!turn) return;  // again in a second
  if (!(where == where_)) before_ = {};
  where_ = where;
  if (has_machine_)
    cores_.set_capacity(capacity);
  else
    cores_ = AvailableCores(capacity);
  has_machine_ = true;
  if (sides_.looks || sides_.feels) publish();
}

void PresentLoad::tend_stopwatch() {
  const Turn turn(busy_);
  if (turn) stopwatch_.calibrate();
}

void PresentLoad::set_sides(LoadSides sides) {
  const Turn turn(busy_);
  if (!turn) return;
  sides_ = sides;
  feels_.store(sides.feels, std::memory_order_relaxed);
  if (sides.looks || sides.feels) return;
  available_.store(unlimited, std::memory_order_relaxed);
  next_look_.store(INT64_MAX, std::memory_order_relaxed);
}

void PresentLoad::forget() {
  before_ = {};
  look_at_ = 0;
  collided_ = false;
  unread_ = 0;
  feel_again_ = 0;
  page_again_ = 0;
  suspected_ = 0;
  cores_ = AvailableCores(cores_.capacity());
  if (has_machine_ && (sides_.looks || sides_.feels)) {
    publish();
    next_look_.store(0, std::memory_order_relaxed);
  }
  busy_.store(false, std::memory_order_release);
}

}  // namespace blastune
