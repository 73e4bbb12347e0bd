// SPDX-License-Identifier: BSD-3-Clause
//
// The client of this process: what the C ABI calls. Everything a multiply passes through is here and in
// CountGuard, and neither waits, allocates nor enters the kernel; once a second one caller refreshes
// (Refresher) while all others go on with what there is.
//
// There is one Client a process, because OpenBLAS's count is one a process. It is constant-initialised and
// never destroyed, so it works before, during and after everything else's construction and destruction.
#pragma once

#include <time.h>

#include <algorithm>
#include <atomic>
#include <cstdint>
#include <mutex>
#include <optional>
#include <string>

#include "client/build_slots.h"
#include "client/gemm_key.h"
#include "client/present_load.h"
#include "client/refresher.h"
#include "client/snapshot.h"
#include "client/thread_memo.h"
#include "model/advice.h"
#include "model/gemm.h"

namespace blastune {

struct ClientScope {
  std::uint8_t slot = 0;  // one more than its index; 0: nothing to leave
  bool timed = false;     // what the thread's memo says is running
  GuardScope guard;
};

struct ClientAdvice {
  Advice advice;
  int limit = 0;
  bool one_thread_anyway = false;  // see runs_on_one_thread()
};

struct ClientStatus {
  Report report;
  std::uint64_t generation = 0;
  int builds = 0;
  int limit = 0;
};

struct ClientBlas {
  std::string build;
  std::string path;
  int integer_bits = 32;
  bool applies = false;
  int limit = 0;
  Report report;
};

class Client {
 public:
  constexpr Client() = default;
  Client(const Client&) = delete;
  Client& operator=(const Client&) = delete;

  // Precondition of these four: check_dimensions(gemm). enter_in: of the OpenBLAS that find_blas() told.
  int recommend(GemmKey gemm);
  ClientScope enter(GemmKey gemm);
  ClientScope enter_in(std::size_t slot, GemmKey gemm);
  // Of a routine that takes about as long, and looks at the count for those too that a gemm ignores it for.
  ClientScope enter_level3_in(std::size_t slot, GemmKey gemm);
  // Of any call to that one.
  ClientScope enter_limited_in(std::size_t slot, double slow_seconds);
  ClientAdvice advise(const Gemm& gemm);
  // Of the OpenBLAS that find_blas() told, as if nobody else were there.
  ClientAdvice advise_in(std::size_t slot, const Gemm& gemm);
  // What that rests on, or the reason why there is none; any number.
  [[nodiscard]] std::uint64_t advice_stamp(int slot);
  [[nodiscard]] bool knows_blas(int slot) const {
    return slot >= 0 && static_cast<std::size_t>(slot) < slots_.size();
  }
  // The count that holds in a scope of this thread; 0: nothing was set.
  [[nodiscard]] int threads_in(const ClientScope& scope) const;
  void leave(const ClientScope& scope);

  // These five throw std::bad_alloc.
  Report reload();
  ClientStatus status();
  // False when no OpenBLAS is behind that address. nullptr: choose automatically.
  bool use_blas(const void* symbol);
  // Which slot it is; nothing when no OpenBLAS is behind that address.
  std::optional<std::size_t> find_blas(const void* symbol);
  // Nothing for what is no slot.
  std::optional<ClientBlas> describe_blas(std::size_t slot);

 private:
  struct Question {
    std::uint64_t word = 0;  // 0: no opinion on anything
    int limit = 0;
  };

  void keep_fresh();
  void refresh_if_nobody_does(time_t now) noexcept;
  void refresh_locked(bool force);
  std::optional<std::size_t> find_blas_locked(const void* symbol);
  [[nodiscard]] Question ask();
  [[nodiscard]] Question ask_about(std::size_t slot) const;
  ClientAdvice advise(const Gemm& gemm, Question question, int limit);
  ClientScope enter(GemmKey gemm, Question question, bool ignores_count_when_small = true);
  // The answer for as many cores as are available now, and no more than that.
  int threads_now(Memo::Entry& entry, int most);
  void ask_for(Memo::Entry& entry, int available) noexcept;
  // The count for the multiply that comes, by this thread's own calls: `usual`, or its rival.
  struct Pick {
    int threads = 0;
    bool is_trial = false;
  };
  Pick pick(Memo::Entry& entry, int usual, int most);
  void consider_trial(Memo::Entry& entry) noexcept;
  static void note_trial(GemmKey gemm, double seconds) noexcept;
  void note_entered(const ClientScope& scope, CountGuard& guard);
  void time_it(ClientScope& scope, const Memo::Running& running);
  void feel(Memo::Running running, double seconds) noexcept;
  static void ease(const Memo::Running& running, double seconds) noexcept;
  [[nodiscard]] BuildSlot& slot_of(std::uint64_t word) const { return slots_[SnapshotWord::slot(word)]; }
  // Which lives until this thread's next question.
  Memo::Entry& remembered(GemmKey gemm, Question question);
  Memo::Entry& look_up(GemmKey gemm, Question question) noexcept;
  std::unique_lock<std::mutex> lock_behind_forks();
  void register_for_fork();
  static void before_fork();
  static void after_fork_in_parent();
  static void after_fork_in_child();

  std::atomic<time_t> refreshed_{0};  // the second of the last look
  BuildSlots slots_;
  std::atomic<int> meant_{-1};   // the slot that answers for the process, or -1: none
  std::atomic<int> chosen_{-1};  // a slot's index, or -1: automatic
  PresentLoad load_;
  std::atomic<bool> log_shapes_{false};
  std::atomic<bool> disabled_{false};
  std::atomic<int> forks_waiting_{0};  // threads in fork() that want mutex_
  std::mutex mutex_;                   // for all below
  Refresher* refresher_ = nullptr;     // made at the first look and never freed
  std::size_t fork_registrations_ = 0;
  std::atomic<std::uintptr_t> forking_thread_{0};    // holds mutex_ and keeps the guards frozen
  std::atomic<std::uintptr_t> unguarded_thread_{0};  // forks without, having waited long enough
};

// The one of this process.
extern constinit Client process_client;

// What follows is inline because all of it together costs little more than one call would.

inline void Client::keep_fresh() {
  // Read from memory that the kernel shares with every process; nothing finer is as cheap.
  const time_t now = ::time(nullptr);
  if (now != refreshed_.load(std::memory_order_relaxed)) [[unlikely]]
    refresh_if_nobody_does(now);
}

inline Client::Question Client::ask_about(std::size_t slot) const {
  const BuildSlot& about = slots_[slot];
  const std::uint64_t word = about.box.word();
  if (word == 0) return {};
  return {word, std::min(SnapshotWord::cap(word), about.guard.user_count())};
}

inline Client::Question Client::ask() {
  const int slot = meant_.load(std::memory_order_acquire);
  return slot < 0 ? Question{} : ask_about(static_cast<std::size_t>(slot));
}

inline Memo::Entry& Client::remembered(GemmKey gemm, Question question) {
  Memo* memo = thread_memo;
  if (memo != nullptr) [[likely]] {
    Memo::Entry& entry = memo->first(gemm);
    if (entry.answers(question.word, gemm, question.limit)) [[likely]]
      return entry;
  }
  return look_up(gemm, question);
}

inline int Client::threads_now(Memo::Entry& entry, int most) {
  // What runs on one thread is no matter of load.
  if (entry.threads <= 1) return entry.threads;
  load_.look_if_due();
  const int available = std::min<int>({entry.threads, load_.available(), most});
  if (entry.available != available) [[unlikely]]
    ask_for(entry, available);
  return entry.threads_now;
}

inline Client::Pick Client::pick(Memo::Entry& entry, int usual, int most) {
  if (--entry.calls_left == 0) [[unlikely]]
    consider_trial(entry);
  CountTrial& trial = thread_memo->trial;
  const bool is_trial = trial.is_of(entry.key, entry.word, entry.limit);
  if (!is_trial && !entry.holds_rival) [[likely]]
    return {usual, false};
  load_.look_if_due();
  // What others leave decides before a program's own calls do.
  if (usual < entry.threads || std::min(most, load_.available()) < entry.rival) {
    if (is_trial) trial.end();
    return {usual, false};
  }
  const bool is_rivals_turn = is_trial && trial.is_rivals_turn();
  return {entry.holds_rival != is_rivals_turn ? entry.rival : usual, is_trial};
}

inline int Client::recommend(GemmKey gemm) {
  keep_fresh();
  const Question question = ask();
  return question.word == 0 ? 0 : threads_now(remembered(gemm, question), question.limit);
}

}  // namespace blastune
