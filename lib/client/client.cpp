// SPDX-License-Identifier: BSD-3-Clause
#include "client/client.h"

#include <stdlib.h>

#include <algorithm>
#include <limits>
#include <string>
#include <utility>

#include "client/fork_handlers.h"
#include "client/log.h"
#include "client/undisturbed.h"
#include "load/collision.h"
#include "model/thread_use.h"
#include "store/table_location.h"

namespace blastune {
namespace {

constexpr std::int64_t refresh_nanoseconds = 1'000'000'000;

// A call with one thread is never late because others use the processors that its threads would need.
constexpr float nothing_to_wait_for = std::numeric_limits<float>::infinity();

// What a thread that has no room to remember anything is answered. It is never written to.
constinit Memo::Entry no_opinion;

// A multiplication each nanosecond: even slow machines are faster. Complex numbers take four.
double slow_seconds_of(const Gemm& gemm) {
  const bool is_complex = gemm.dtype == DType::c64 || gemm.dtype == DType::c128;
  return (is_complex ? 4e-9 : 1e-9) * volume(gemm);
}

}  // namespace

constinit Client process_client;

ClientScope Client::enter(GemmKey gemm) {
  int slot = meant_.load(std::memory_order_acquire);
  if (slot < 0) {
    // It may be the first call of all, which finds the library.
    attend();
    slot = meant_.load(std::memory_order_acquire);
  }
  return slot < 0 ? ClientScope{} : enter_in(static_cast<std::size_t>(slot), gemm);
}

ClientScope Client::enter_in(std::size_t slot, GemmKey gemm) {
  return slot < slots_.size() ? enter_gemm(slot, gemm, true) : ClientScope{};
}

ClientScope Client::enter_level3_in(std::size_t slot, GemmKey gemm) {
  return slot < slots_.size() ? enter_gemm(slot, gemm, false) : ClientScope{};
}

ClientScope Client::enter_limited_in(std::size_t slot, double slow_seconds) {
  if (slot >= slots_.size()) return {};
  const std::uint32_t now = attend();
  const CallLimits limits = limits_of(slots_[slot]);
  return limits.user <= 1 ? ClientScope{} : enter_unknown(slot, limits, slow_seconds, now);
}

ClientScope Client::enter_gemm(std::size_t slot, GemmKey key, bool is_gemm) {
  BuildSlot& about = slots_[slot];
  const Gemm gemm = gemm_of(key);
  const bool is_small = runs_on_one_thread(about.object.build, gemm);
  // The library does not look at its count for such a gemm.
  if (is_small && is_gemm) return {};
  const std::uint32_t now = attend();
  const CallLimits limits = limits_of(about);
  // The library uses one thread by itself.
  if (limits.user <= 1) return {};
  const int most = limits.most();
  const std::uint64_t word = about.box.word();
  // There is nothing to choose, but whoever wants to read of each gemm reads of this one too.
  if (most == 1 && word != 0 && log_shapes_.load(std::memory_order_relaxed)) [[unlikely]]
    remembered(about, word, key, most);
  if (is_small || most == 1) return hold(slot, 1, limits);
  Memo::Entry& entry = word == 0 ? no_opinion : remembered(about, word, key, most);
  if (!entry.record.has_opinion()) return enter_unknown(slot, limits, slow_seconds_of(gemm), now);

  const bool learns = is_gemm && learns_.load(std::memory_order_relaxed) && thread_memo->depth == 0;
  const MachineState state = state_at(now);
  CallRecord::Plan plan =
      learns ? entry.record.before(state) : CallRecord::Plan{entry.record.threads(state.mean()), false};
  ClientScope scope = hold(slot, plan.threads, limits);
  if (plan.threads > 1 && !finds_threads_awake(now)) plan.teaches = false;
  if (!plan.teaches && (plan.threads == 1 || !load_.feels())) return scope;
  Memo::Running running{{}, 0, now, nothing_to_wait_for, static_cast<std::uint16_t>(plan.threads)};
  if (plan.teaches) running.key = key;
  if (plan.threads > 1) {
    const double expected = entry.record.expected_seconds(plan.threads, state.mean());
    // What only takes about as long as the gemm may well take twice as long.
    running.expected_seconds = static_cast<float>(is_gemm ? expected : 2 * expected);
  }
  time_it(scope, running);
  return scope;
}

ClientScope Client::enter_unknown(std::size_t slot, const CallLimits& limits, double slow_seconds,
                                  std::uint32_t now) {
  // Where nothing limits it the count is the library's own affair.
  const int threads = limits.most();
  ClientScope scope = hold(slot, limits.lower() ? threads : 0, limits);
  if (threads > 1 && slow_seconds > 0 && load_.feels())
    time_it(scope, {{}, 0, now, static_cast<float>(slow_seconds), static_cast<std::uint16_t>(threads)});
  return scope;
}

bool Client::finds_threads_awake(std::uint32_t now) {
  // OpenBLAS's threads spin for some 25 ms before they sleep.
  constexpr std::uint32_t longest_rest = 20;
  return now - threaded_at_.exchange(now, std::memory_order_relaxed) <= longest_rest;
}

// Sets the count, 0: leaves it, and counts the caller in.
ClientScope Client::hold(std::size_t slot, int threads, const CallLimits& limits) {
  CountGuard& guard = slots_[slot].guard;
  ClientScope scope;
  scope.guard = guard.enter(threads, limits.room());
  if (!scope.guard.counted) return {};
  scope.slot = static_cast<std::uint8_t>(slot + 1);
  Memo* memo = thread_memo != nullptr ? thread_memo : make_thread_memo();
  // A scope within another one of this thread is no other caller.
  if (memo != nullptr && memo->depth++ == 0) guard.note_company(scope.guard);
  return scope;
}

// Only the outermost scope of a thread is timed, for there is room for one. Calls that overlap take longer
// than each would alone, so they are not.
void Client::time_it(ClientScope& scope, const Memo::Running& running) {
  Memo* memo = thread_memo;
  if (scope.slot == 0 || memo == nullptr || memo->depth > 1) return;
  const CountGuard& guard = slots_[scope.slot - 1U].guard;
  if (guard.is_beside_others(scope.guard) || guard.count_in(scope.guard) != running.threads) return;
  scope.timed = true;
  memo->running = running;
  memo->running.began = Stopwatch::ticks();
}

void Client::leave(const ClientScope& scope) {
  if (scope.slot == 0 || scope.slot > slots_.size()) return;
  CountGuard& guard = slots_[scope.slot - 1U].guard;
  Memo* memo = thread_memo;
  if (memo != nullptr && memo->depth > 0) --memo->depth;
  if (!scope.timed || memo == nullptr) return guard.leave(scope.guard);
  const Memo::Running running = memo->running;
  // Signed, because on another processor the ticks may be behind.
  const auto ticks = static_cast<std::int64_t>(Stopwatch::ticks() - running.began);
  const double seconds = static_cast<double>(ticks) * load_.seconds_a_tick();
  guard.leave(scope.guard);
  take_note(running, seconds);
}

void Client::take_note(const Memo::Running& running, double seconds) noexcept {
  const auto expected = static_cast<double>(running.expected_seconds);
  if (is_suspicious(seconds, expected) &&
      load_.feel(running.threads, seconds, expected) != PresentLoad::Feeling::not_contention)
    return;
  if (running.key == GemmKey{} || !(seconds > 0)) return;
  Memo::Entry* entry = thread_memo->find(running.key);
  if (entry == nullptr) return;
  MachineState state = state_at(running.began_at);
  entry->record.after(running.threads, seconds, state);
  // Threads may take each other's news away; each piece of it is whole.
  state_.store(state.pack(), std::memory_order_relaxed);
}

int Client::recommend(GemmKey gemm) {
  const std::uint32_t now = attend();
  const int slot = meant_.load(std::memory_order_acquire);
  if (slot < 0) return 0;
  BuildSlot& about = slots_[static_cast<std::size_t>(slot)];
  const std::uint64_t word = about.box.word();
  const CallLimits limits = limits_of(about);
  if (word == 0 || limits.user == 0) return 0;
  const int most = limits.most();
  if (most == 1 || runs_on_one_thread(about.object.build, gemm_of(gemm)))
    return advise(about, gemm_of(gemm), 1, 0).advice.threads;
  const Memo::Entry& entry = remembered(about, word, gemm, most);
  return entry.record.has_opinion() ? entry.record.threads(state_at(now).mean()) : 0;
}

ClientAdvice Client::advise(const Gemm& gemm) {
  const std::uint32_t now = attend();
  const int slot = meant_.load(std::memory_order_acquire);
  if (slot < 0) return {};
  BuildSlot& about = slots_[static_cast<std::size_t>(slot)];
  return advise(about, gemm, limits_of(about).most(), state_at(now).mean());
}

ClientAdvice Client::advise_in(std::size_t slot, const Gemm& gemm) {
  attend();
  return advise(slots_[slot], gemm, own_limit(slots_[slot]), 0);
}

ClientAdvice Client::advise(BuildSlot& slot, const Gemm& gemm, int limit, double state) {
  ClientAdvice found;
  if (slot.capacity.load(std::memory_order_relaxed) == 0) return found;
  found.limit = limit;
  found.one_thread_anyway = runs_on_one_thread(slot.object.build, gemm);
  const SnapshotBox::Reader reader(slot.box);
  if (reader.get() != nullptr) found.advice = reader.get()->advisor->advise(gemm, limit, state);
  return found;
}

std::uint64_t Client::advice_stamp(int slot) {
  attend();
  if (!knows_blas(slot)) {
    return static_cast<std::uint64_t>(disabled_.load(std::memory_order_relaxed) ? Reason::disabled
                                                                                : Reason::no_openblas);
  }
  const BuildSlot& about = slots_[static_cast<std::size_t>(slot)];
  const std::uint64_t word = about.box.word();
  if (word == 0) return static_cast<std::uint64_t>(about.reason.load(std::memory_order_relaxed));
  return SnapshotWord::with_limit(word, own_limit(about));
}

int Client::threads_in(const ClientScope& scope) const {
  if (scope.slot == 0 || scope.slot > slots_.size()) return 0;
  return slots_[scope.slot - 1U].guard.count_in(scope.guard);
}

[[gnu::noinline]] Memo::Entry& Client::look_up(BuildSlot& slot, std::uint64_t word, GemmKey key,
                                               int limit) noexcept {
  Memo* memo = thread_memo != nullptr ? thread_memo : make_thread_memo();
  if (memo == nullptr) return no_opinion;
  Memo::Entry& second = memo->second(key);
  if (second.answers(word, key, limit)) return second;
  Memo::Entry entry;
  entry.key = key;
  entry.limit = limit;
  {
    const SnapshotBox::Reader reader(slot.box);
    // Newer advice is not an answer to this question.
    if (reader.get() != nullptr && reader.get()->word == word) {
      entry.word = word;
      entry.record = CallRecord(reader.get()->advisor->alternatives(gemm_of(key), limit));
    }
  }
  if (log_shapes_.load(std::memory_order_relaxed)) log_shape(key, entry);
  return memo->keep(entry);
}

void Client::log_shape(GemmKey gemm, const Memo::Entry& entry) const noexcept {
  const Undisturbed undisturbed;
  try {
    const int threads = entry.limit == 1 ? 1 : entry.record.threads(0);
    log_line(
        describe(gemm_of(gemm)) + ": " +
        (threads == 0 ? "no opinion" : std::to_string(threads) + (threads == 1 ? " thread" : " threads")) +
        ", at most " + std::to_string(entry.limit));
  } catch (...) {
    // A line that cannot be written is no reason to do anything else differently.
  }
}

[[gnu::noinline]] void Client::refresh_if_nobody_does(std::int64_t now) noexcept {
  const Undisturbed undisturbed;
  try {
    const std::unique_lock lock(mutex_, std::try_to_lock);
    if (!lock || now < next_refresh_.load(std::memory_order_relaxed)) return;
    refresh_locked(false);
  } catch (...) {
    // Out of memory: what was there stays, and the next second tries again.
  }
}

void Client::refresh_locked(bool force) {
  const std::int64_t now = monotonic_nanoseconds();
  // First, so that a failure is not tried again at every call.
  next_refresh_.store(now + refresh_nanoseconds, std::memory_order_relaxed);
  if (refresher_ == nullptr) {
    refresher_ =
        new Refresher(slots_, load_, read_settings([](const char* name) { return ::secure_getenv(name); }),
                      table_location(read_table_environment()).candidates);
    const Settings& settings = refresher_->settings();
    disabled_.store(settings.disabled, std::memory_order_relaxed);
    learns_.store(settings.learns, std::memory_order_relaxed);
    log_shapes_.store(settings.log == LogLevel::shapes, std::memory_order_relaxed);
  }
  process_fork_handlers.register_behind(slots_.size());
  const int chosen = chosen_.load();
  refresher_->refresh(
      now / 1'000'000'000, force,
      chosen < 0 ? std::nullopt : std::optional<std::size_t>(static_cast<std::size_t>(chosen)));
  const std::optional<std::size_t> meant = refresher_->meant();
  meant_.store(meant ? static_cast<int>(*meant) : -1, std::memory_order_release);
  process_fork_handlers.register_behind(slots_.size());
}

std::unique_lock<std::mutex> Client::lock_behind_forks() {
  process_fork_handlers.wait_for_forks();
  return std::unique_lock(mutex_);
}

Report Client::reload() {
  const Undisturbed undisturbed;
  const std::unique_lock lock = lock_behind_forks();
  refresh_locked(true);
  return refresher_->report();
}

ClientStatus Client::status() {
  attend();
  const Undisturbed undisturbed;
  ClientStatus status;
  {
    const std::unique_lock lock = lock_behind_forks();
    if (refresher_ == nullptr) refresh_locked(false);
    status.report = refresher_->report();
  }
  for (std::size_t i = 0; i < slots_.size(); ++i) status.generation += slots_[i].box.generation();
  status.builds = static_cast<int>(slots_.size());
  const int meant = meant_.load(std::memory_order_acquire);
  if (meant >= 0) {
    const CallLimits limits = limits_of(slots_[static_cast<std::size_t>(meant)]);
    if (limits.user > 0) status.limit = limits.most();
  }
  return status;
}

std::optional<std::size_t> Client::find_blas_locked(const void* symbol) {
  const std::optional<std::size_t> slot = refresher_->find_blas(symbol);
  process_fork_handlers.register_behind(slots_.size());
  return slot;
}

std::optional<std::size_t> Client::find_blas(const void* symbol) {
  const Undisturbed undisturbed;
  const std::unique_lock lock = lock_behind_forks();
  if (refresher_ == nullptr) refresh_locked(false);
  // Switched off, it does not even look.
  if (refresher_->settings().disabled) return std::nullopt;
  const std::size_t known = slots_.size();
  const std::optional<std::size_t> slot = find_blas_locked(symbol);
  // The call that asks need not wait for the next look.
  if (slots_.size() > known) refresh_locked(false);
  return slot;
}

std::optional<ClientBlas> Client::describe_blas(std::size_t slot) {
  if (slot >= slots_.size()) return std::nullopt;
  const BuildSlot& about = slots_[slot];
  const Build& build = about.object.build;
  ClientBlas blas{describe(build),       build.path,       build.integer_bits,
                  about.guard.applies(), own_limit(about), {}};
  const Undisturbed undisturbed;
  const std::unique_lock lock = lock_behind_forks();
  // In the child of a fork() that left a look behind there is none.
  if (refresher_ == nullptr) refresh_locked(false);
  blas.report = refresher_->report_of(slot);
  return blas;
}

bool Client::use_blas(const void* symbol) {
  const Undisturbed undisturbed;
  const std::unique_lock lock = lock_behind_forks();
  refresh_locked(false);
  int chosen = -1;
  if (symbol != nullptr) {
    const std::optional<std::size_t> slot = find_blas_locked(symbol);
    if (!slot) return false;
    chosen = static_cast<int>(*slot);
  }
  chosen_.store(chosen);
  refresh_locked(false);
  return true;
}

}  // namespace blastune
