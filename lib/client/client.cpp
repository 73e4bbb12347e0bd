// SPDX-License-Identifier: BSD-3-Clause
#include "client/client.h"

#include <pthread.h>
#include <stdlib.h>

#include <algorithm>
#include <limits>
#include <new>
#include <string>
#include <utility>

#include "client/log.h"
#include "client/undisturbed.h"
#include "load/collision.h"
#include "model/thread_use.h"
#include "store/table_location.h"

namespace blastune {
namespace {

// Whether it was done within a second of trying.
template <class Attempt>
bool wait_at_most_a_second(const Attempt& attempt) {
  constexpr int attempts = 1000;
  for (int i = 0; !attempt(); ++i) {
    if (i == attempts) return false;
    const timespec millisecond = {0, 1'000'000};
    ::nanosleep(&millisecond, nullptr);
  }
  return true;
}

// Expected of a call with one thread, which nothing that others do explains.
constexpr float nothing_to_wait_for = std::numeric_limits<float>::infinity();

// Of a thread that has no room to remember anything. Never written to: there is nothing to add to it.
constinit Memo::Entry no_opinion;

std::uintptr_t this_thread() {
  return static_cast<std::uintptr_t>(::pthread_self());
}

}  // namespace

constinit Client process_client;

ClientScope Client::enter(GemmKey gemm) {
  keep_fresh();
  return enter(gemm, ask());
}

ClientScope Client::enter_in(std::size_t slot, GemmKey gemm) {
  keep_fresh();
  return slot < slots_.size() ? enter(gemm, ask_about(slot)) : ClientScope{};
}

ClientScope Client::enter_level3_in(std::size_t slot, GemmKey gemm) {
  keep_fresh();
  return slot < slots_.size() ? enter(gemm, ask_about(slot), false) : ClientScope{};
}

ClientScope Client::enter_limited_in(std::size_t slot, double slow_seconds) {
  keep_fresh();
  if (slot >= slots_.size()) return {};
  const Question question = ask_about(slot);
  if (question.word == 0 || question.limit <= 1) return {};
  load_.look_if_due();
  const int available = load_.available();
  const bool is_limited = available < question.limit;
  const int threads = is_limited ? available : question.limit;
  const bool is_felt = threads > 1 && slow_seconds > 0 && load_.feels();
  // Then it is the library's own affair.
  if (!is_limited && !is_felt) return {};
  ClientScope scope;
  scope.guard = slots_[slot].guard.enter(is_limited ? available : 0, threads);
  scope.slot = static_cast<std::uint8_t>(slot + 1);
  note_entered(scope, slots_[slot].guard);
  if (is_felt)
    time_it(scope,
            {{}, 0, static_cast<float>(slow_seconds), static_cast<std::uint16_t>(threads), false, false});
  return scope;
}

// A scope within another one of this thread is no other thread.
void Client::note_entered(const ClientScope& scope, CountGuard& guard) {
  Memo* memo = thread_memo;
  if (memo != nullptr && memo->depth++ == 0) guard.note_together(scope.guard.others + 1);
}

// Of those that overlap none takes as long as it would alone. And who is not counted in does not run with the
// count that this is expected of: in a parallel region it runs on one thread, and beside others maybe too.
// With one thread of its own choice it need not be counted in.
void Client::time_it(ClientScope& scope, const Memo::Running& running) {
  const bool holds = running.threads > 1 ? scope.guard.inside : threads_in(scope) == 1;
  if (!holds || slots_[scope.slot - 1U].guard.is_beside_others(scope.guard)) return;
  Memo* memo = thread_memo != nullptr ? thread_memo : make_thread_memo();
  // The outermost scope is timed: there is room for one.
  if (memo == nullptr || memo->depth > 1) return;
  scope.timed = true;
  memo->running = running;
  memo->running.began = Stopwatch::ticks();
}

ClientScope Client::enter(GemmKey gemm, Question question, bool ignores_count_when_small) {
  if (question.word == 0) return {};
  Memo::Entry& entry = remembered(gemm, question);
  // The library does not look at its count for such a multiply.
  if (entry.one_thread_anyway && ignores_count_when_small) return {};
  CountGuard& guard = slot_of(question.word).guard;
  const int most = std::min(question.limit, load_.available());
  const int share = guard.share_of(most);
  const int usual = entry.one_thread_anyway ? 1 : threads_now(entry, share);
  // Of a multiply that the table knows, and not of one that only takes about as long.
  const bool may_try = usual > 0 && ignores_count_when_small && load_.feels() && thread_memo->depth == 0;
  const auto [threads, is_trial] = may_try ? pick(entry, usual, share) : Pick{usual, false};
  ClientScope scope;
  scope.guard = guard.enter(threads, most);
  scope.slot = static_cast<std::uint8_t>(SnapshotWord::slot(question.word) + 1);
  note_entered(scope, guard);
  const auto count = static_cast<std::uint16_t>(threads);
  if (is_trial) [[unlikely]] {
    float expected = threads == usual ? entry.expected_seconds : entry.rival_seconds;
    if (threads == 1 || expected <= 0) expected = nothing_to_wait_for;
    time_it(scope, {gemm, 0, expected, count, false, true});
    // Beside others of this process no call takes as long as it would alone.
    if (!scope.timed) thread_memo->trial.end();
  } else if (threads != usual) {
    if (threads > 1) time_it(scope, {{}, 0, entry.rival_seconds, count, false, false});
  } else if (threads > 1 && entry.expected_seconds > 0 && load_.feels()) {
    // What only takes about as long must not correct what is expected of the gemm.
    if (ignores_count_when_small)
      time_it(scope, {gemm, 0, entry.expected_seconds, count, entry.corrected, false});
    else
      time_it(scope, {{}, 0, 2 * entry.expected_seconds, count, false, false});
  }
  return scope;
}

void Client::leave(const ClientScope& scope) {
  if (scope.slot == 0 || scope.slot > slots_.size()) return;
  Memo* memo = thread_memo;
  if (memo != nullptr && memo->depth > 0) --memo->depth;
  if (!scope.timed || memo == nullptr) return slots_[scope.slot - 1U].guard.leave(scope.guard);
  Memo::Running running = memo->running;
  // Signed: on another processor the ticks may be behind.
  const auto ticks = static_cast<std::int64_t>(Stopwatch::ticks() - running.began);
  const double seconds = static_cast<double>(ticks) * load_.seconds_a_tick();
  slots_[scope.slot - 1U].guard.leave(scope.guard);
  const auto expected = static_cast<double>(running.expected_seconds);
  if (running.is_trial) [[unlikely]] {
    note_trial(running.key, seconds);
    // What is expected is for the usual count.
    running.key = {};
  }
  if (is_suspicious(seconds, expected)) [[unlikely]]
    feel(running, seconds);
  else if (running.corrected && is_overcorrected(seconds, expected)) [[unlikely]]
    ease(running, seconds);
}

[[gnu::noinline]] void Client::feel(Memo::Running running, double seconds) noexcept {
  const auto expected = static_cast<double>(running.expected_seconds);
  const PresentLoad::Feeling feeling = load_.feel(running.threads, seconds, expected);
  Memo::Entry* entry = thread_memo->find(running.key);
  if (feeling != PresentLoad::Feeling::explained || entry == nullptr) return;
  entry->expected_seconds = static_cast<float>(corrected_expectation(expected, seconds));
  entry->corrected = true;
}

[[gnu::noinline]] void Client::ease(const Memo::Running& running, double seconds) noexcept {
  Memo::Entry* entry = thread_memo->find(running.key);
  if (entry == nullptr || !entry->corrected) return;
  entry->expected_seconds =
      static_cast<float>(eased_expectation(static_cast<double>(entry->expected_seconds), seconds));
}

[[gnu::noinline]] void Client::ask_for(Memo::Entry& entry, int available) noexcept {
  entry.available = static_cast<std::uint16_t>(available);
  entry.threads_now = static_cast<std::uint16_t>(std::min<int>(entry.threads, available));
  entry.expected_seconds = 0;
  entry.corrected = false;
  const SnapshotBox::Reader reader(slot_of(entry.word).box);
  if (reader.get() == nullptr || reader.get()->word != entry.word) return;
  const Advisor& advisor = *reader.get()->advisor;
  const Gemm gemm = gemm_of(entry.key);
  if (available < entry.threads) {
    const int threads = advisor.threads(gemm, available);
    if (threads > 0) entry.threads_now = static_cast<std::uint16_t>(threads);
  }
  entry.expected_seconds = static_cast<float>(advisor.expected(gemm, entry.threads_now).seconds);
}

[[gnu::noinline]] void Client::consider_trial(Memo::Entry& entry) noexcept {
  if (entry.rival == 0) {
    entry.calls_left = std::numeric_limits<std::uint32_t>::max();
    const SnapshotBox::Reader reader(slot_of(entry.word).box);
    if (reader.get() == nullptr || reader.get()->word != entry.word) return;
    const Advisor& advisor = *reader.get()->advisor;
    const Gemm gemm = gemm_of(entry.key);
    const double held = advisor.expected(gemm, entry.threads).seconds;
    const Rival rival = advisor.rival(gemm, entry.threads, entry.limit);
    if (rival.threads == 0 || held <= 0 || rival.seconds > hopeless_ratio * held) return;
    entry.rival = static_cast<std::uint16_t>(rival.threads);
    entry.rival_seconds = static_cast<float>(rival.seconds);
    entry.calls_left = entry.calls_between = calls_until_trial(held, rival.seconds);
    return;
  }
  // Who has looked at the time only once cannot tell how long a call takes.
  load_.look_if_due();
  entry.calls_left = Memo::first_calls;
  if (load_.seconds_a_tick() <= 0) return;
  Memo& memo = *thread_memo;
  entry.calls_left = Memo::calls_between_requests;
  if (memo.trial.is_active() && --memo.trial_patience > 0) return;
  // Also of one that is given up.
  entry.calls_left = entry.calls_between;
  memo.trial.begin(entry.key, entry.word, entry.limit);
  memo.trial_patience = Memo::requests_refused;
}

[[gnu::noinline]] void Client::note_trial(GemmKey gemm, double seconds) noexcept {
  Memo& memo = *thread_memo;
  Memo::Entry* entry = memo.find(gemm);
  if (entry == nullptr || !memo.trial.is_of(gemm, entry->word, entry->limit)) return;
  memo.trial_patience = Memo::requests_refused;
  const auto outcome = memo.trial.note(seconds);
  if (!outcome) return;
  double held = outcome->held_seconds;
  double rival = outcome->rival_seconds;
  // What is expected of it, so that its calls are no surprise where operands come from memory.
  entry->rival_seconds = static_cast<float>(entry->holds_rival ? held : rival);
  if (outcome->rival_wins()) {
    entry->holds_rival = !entry->holds_rival;
    std::swap(held, rival);
  }
  entry->calls_left = entry->calls_between = calls_until_trial(held, rival);
}

ClientAdvice Client::advise(const Gemm& gemm) {
  keep_fresh();
  const Question question = ask();
  if (question.word == 0) return {};
  load_.look_if_due();
  return advise(gemm, question, std::min(question.limit, load_.available()));
}

ClientAdvice Client::advise_in(std::size_t slot, const Gemm& gemm) {
  keep_fresh();
  const Question question = ask_about(slot);
  return question.word == 0 ? ClientAdvice{} : advise(gemm, question, question.limit);
}

ClientAdvice Client::advise(const Gemm& gemm, Question question, int limit) {
  BuildSlot& about = slot_of(question.word);
  const SnapshotBox::Reader reader(about.box);
  if (reader.get() == nullptr) return {};
  return {reader.get()->advisor->advise(gemm, limit), limit, runs_on_one_thread(about.object.build, gemm)};
}

std::uint64_t Client::advice_stamp(int slot) {
  keep_fresh();
  if (!knows_blas(slot)) {
    return static_cast<std::uint64_t>(disabled_.load(std::memory_order_relaxed) ? Reason::disabled
                                                                                : Reason::no_openblas);
  }
  const BuildSlot& about = slots_[static_cast<std::size_t>(slot)];
  const std::uint64_t word = about.box.word();
  if (word == 0) return static_cast<std::uint64_t>(about.reason.load(std::memory_order_relaxed));
  return SnapshotWord::with_cap(word, std::min(SnapshotWord::cap(word), about.guard.user_count()));
}

int Client::threads_in(const ClientScope& scope) const {
  if (scope.slot == 0 || scope.slot > slots_.size()) return 0;
  return slots_[scope.slot - 1U].guard.count_in(scope.guard);
}

[[gnu::noinline]] Memo::Entry& Client::look_up(GemmKey key, Question question) noexcept {
  Memo* memo = thread_memo != nullptr ? thread_memo : make_thread_memo();
  if (memo == nullptr) return no_opinion;
  Memo::Entry& second = memo->second(key);
  if (second.answers(question.word, key, question.limit)) return second;
  const Gemm gemm = gemm_of(key);
  Memo::Entry entry;
  entry.key = key;
  entry.limit = static_cast<std::uint16_t>(question.limit);
  entry.one_thread_anyway = runs_on_one_thread(slot_of(question.word).object.build, gemm);
  {
    const SnapshotBox::Reader reader(slot_of(question.word).box);
    // Newer, or under another cap: not an answer to this question.
    if (reader.get() != nullptr && reader.get()->word == question.word) {
      entry.word = question.word;
      entry.threads = static_cast<std::uint16_t>(
          std::clamp(reader.get()->advisor->threads(gemm, question.limit), 0, question.limit));
    }
  }
  if (log_shapes_.load(std::memory_order_relaxed)) {
    const Undisturbed undisturbed;
    try {
      log_line(describe(gemm) + ": " +
               (entry.threads == 0
                    ? "no opinion"
                    : std::to_string(entry.threads) + (entry.threads == 1 ? " thread" : " threads")) +
               ", at most " + std::to_string(question.limit));
    } catch (...) {
      // A line that cannot be written is no reason to do anything else differently.
    }
  }
  return memo->keep(entry);
}

[[gnu::noinline]] void Client::refresh_if_nobody_does(time_t now) noexcept {
  const Undisturbed undisturbed;
  try {
    const std::unique_lock lock(mutex_, std::try_to_lock);
    if (!lock || now == refreshed_.load(std::memory_order_relaxed)) return;
    refresh_locked(false);
  } catch (...) {
    // Out of memory: what was there stays, and the next second tries again.
  }
}

void Client::refresh_locked(bool force) {
  const time_t now = ::time(nullptr);
  // First, so that a failure is not tried again at every multiply.
  refreshed_.store(now, std::memory_order_relaxed);
  if (refresher_ == nullptr) {
    refresher_ =
        new Refresher(slots_, load_, read_settings([](const char* name) { return ::secure_getenv(name); }),
                      table_location(read_table_environment()).candidates);
    disabled_.store(refresher_->settings().disabled, std::memory_order_relaxed);
    log_shapes_.store(refresher_->settings().log == LogLevel::shapes, std::memory_order_relaxed);
  }
  register_for_fork();
  const int chosen = chosen_.load();
  refresher_->refresh(
      now, force, chosen < 0 ? std::nullopt : std::optional<std::size_t>(static_cast<std::size_t>(chosen)));
  const std::optional<std::size_t> meant = refresher_->meant();
  meant_.store(meant ? static_cast<int>(*meant) : -1, std::memory_order_release);
  register_for_fork();
}

// fork() copies a lock that another thread holds, and nobody in the child will ever release it: the dynamic
// loader's while its list of objects is read, the library's own while a count is set. So neither happens
// while the process is copied.
//
// What registers last is called first before a fork(). OpenBLAS stops its threads there, and must not find
// them started again by a count that is set: so this is registered anew behind every OpenBLAS that is found.
void Client::register_for_fork() {
  while (fork_registrations_ <= slots_.size()) {
    if (::pthread_atfork(&Client::before_fork, &Client::after_fork_in_parent, &Client::after_fork_in_child) !=
        0)
      return;
    ++fork_registrations_;
  }
}

void Client::before_fork() {
  const Undisturbed undisturbed;
  // It is registered several times, and one turn does for all.
  if (process_client.forking_thread_.load() == this_thread() ||
      process_client.unguarded_thread_.load() == this_thread())
    return;
  // A look takes milliseconds. Should it wait for something that waits for this fork(), it is given up.
  process_client.forks_waiting_.fetch_add(1);
  const bool locked = wait_at_most_a_second([] { return process_client.mutex_.try_lock(); });
  process_client.forks_waiting_.fetch_sub(1);
  if (!locked) {
    process_client.unguarded_thread_.store(this_thread());
    return;
  }
  process_client.forking_thread_.store(this_thread());
  for (std::size_t i = 0; i < process_client.slots_.size(); ++i) process_client.slots_[i].guard.freeze();
}

void Client::after_fork_in_parent() {
  const Undisturbed undisturbed;
  std::uintptr_t unguarded = this_thread();
  process_client.unguarded_thread_.compare_exchange_strong(unguarded, 0);
  if (process_client.forking_thread_.load() != this_thread()) return;
  for (std::size_t i = 0; i < process_client.slots_.size(); ++i) process_client.slots_[i].guard.thaw();
  process_client.forking_thread_.store(0);
  process_client.mutex_.unlock();
}

void Client::after_fork_in_child() {
  const Undisturbed undisturbed;
  if (process_client.forking_thread_.load() == this_thread() || process_client.mutex_.try_lock()) {
    process_client.forking_thread_.store(0);
    process_client.mutex_.unlock();
  } else {
    // A look that another thread was in the middle of is left behind as it is, and the next one begins anew.
    // Slots and the published snapshot are whole at any time.
    process_client.forking_thread_.store(0);
    new (&process_client.mutex_) std::mutex;
    process_client.refresher_ = nullptr;
  }
  process_client.forks_waiting_.store(0);
  process_client.unguarded_thread_.store(0);
  for (std::size_t i = 0; i < process_client.slots_.size(); ++i) {
    process_client.slots_[i].box.forget_readers();
    process_client.slots_[i].guard.forget_other_threads();
  }
  process_client.load_.forget();
}

// A thread that asks for one look after the other would leave fork() no moment between two of them.
std::unique_lock<std::mutex> Client::lock_behind_forks() {
  wait_at_most_a_second([this] { return forks_waiting_.load() == 0; });
  return std::unique_lock(mutex_);
}

Report Client::reload() {
  const Undisturbed undisturbed;
  const std::unique_lock lock = lock_behind_forks();
  refresh_locked(true);
  return refresher_->report();
}

ClientStatus Client::status() {
  keep_fresh();
  const Undisturbed undisturbed;
  ClientStatus status;
  {
    const std::unique_lock lock = lock_behind_forks();
    if (refresher_ == nullptr) refresh_locked(false);
    status.report = refresher_->report();
  }
  for (std::size_t i = 0; i < slots_.size(); ++i) status.generation += slots_[i].box.generation();
  status.builds = static_cast<int>(slots_.size());
  status.limit = std::min(ask().limit, load_.available());
  return status;
}

std::optional<std::size_t> Client::find_blas_locked(const void* symbol) {
  const std::optional<std::size_t> slot = refresher_->find_blas(symbol);
  register_for_fork();
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
  // The multiply that asks need not wait for the next look.
  if (slots_.size() > known) refresh_locked(false);
  return slot;
}

std::optional<ClientBlas> Client::describe_blas(std::size_t slot) {
  if (slot >= slots_.size()) return std::nullopt;
  const BuildSlot& about = slots_[slot];
  const Build& build = about.object.build;
  ClientBlas blas{describe(build),       build.path, build.integer_bits, about.guard.applies(),
                  ask_about(slot).limit, {}};
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
