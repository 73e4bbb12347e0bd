// SPDX-License-Identifier: BSD-3-Clause
//
// The client of this process: what the C ABI calls. For each call that may use threads it makes one
// judgement: its limits (CallLimits) are read once, what is known of it (CallRecord) says how many threads it
// gets, and the guard of its OpenBLAS (CountGuard) sets the count and puts it back.
//
// What a call costs. A call costs a look at a clock in memory that the kernel shares, and some tens of
// nanoseconds more. It takes no lock and waits for nobody, but for a build of OpenBLAS whose buffers are
// freed by its setter (process_exclusive). A thread's first call allocates its memo. These few enter the
// kernel, one thread at a time while the others go on with what there is: once a second the call that finds a
// look due (Refresher: tables, libraries, limits), at most ten times a second one that looks at the load, and
// a call that took suspiciously long (PresentLoad).
//
// There is one Client a process, because OpenBLAS's count is one a process. It is constant-initialised and
// never destroyed, so it works before, during and after everything else's construction and destruction.
#pragma once

#include <time.h>

#include <atomic>
#include <cstdint>
#include <mutex>
#include <optional>
#include <string>

#include "client/build_slots.h"
#include "client/call_limits.h"
#include "client/gemm_key.h"
#include "client/present_load.h"
#include "client/refresher.h"
#include "client/snapshot.h"
#include "client/thread_memo.h"
#include "load/machine_state.h"
#include "model/advice.h"
#include "model/gemm.h"

namespace blastune {

struct ClientScope {
  std::uint8_t slot = 0;  // one more than its index; 0: nothing to leave
  bool timed = false;     // the thread's memo says what is running
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

  // Precondition of these four: check_dimensions(gemm). enter_in: a call to the OpenBLAS that find_blas()
  // told.
  int recommend(GemmKey gemm);
  ClientScope enter(GemmKey gemm);
  ClientScope enter_in(std::size_t slot, GemmKey gemm);
  // A routine that takes about as long as the gemm, and is threaded even where a gemm would be too small.
  ClientScope enter_level3_in(std::size_t slot, GemmKey gemm);
  // Any other routine: its limits hold, and nothing else is known. slow_seconds: what it surely does not take
  // while nobody else is there; 0: not known.
  ClientScope enter_limited_in(std::size_t slot, double slow_seconds);
  ClientAdvice advise(const Gemm& gemm);
  // For the OpenBLAS that find_blas() told, as if nobody else were there.
  ClientAdvice advise_in(std::size_t slot, const Gemm& gemm);
  // A number for what that advice rests on, or for the reason why there is none. Any slot number.
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
  friend class ForkHandlers;

  // Looks at what is due, and says what time it is, in milliseconds of a clock that never steps back.
  std::uint32_t attend();
  void refresh_if_nobody_does(std::int64_t now) noexcept;
  void refresh_locked(bool force);
  std::optional<std::size_t> find_blas_locked(const void* symbol);

  [[nodiscard]] CallLimits limits_of(const BuildSlot& slot) const;
  // The limits but for what others use now.
  [[nodiscard]] static int own_limit(const BuildSlot& slot) {
    return std::min(slot.capacity.load(std::memory_order_relaxed), slot.guard.user_count());
  }
  [[nodiscard]] MachineState state_at(std::uint32_t now) const;

  ClientScope enter_gemm(std::size_t slot, GemmKey gemm, bool is_gemm);
  ClientScope enter_unknown(std::size_t slot, const CallLimits& limits, double slow_seconds,
                            std::uint32_t now);
  ClientScope hold(std::size_t slot, int threads, const CallLimits& limits);
  // A call with several threads begins. Whether the library's threads still wait awake for it.
  bool finds_threads_awake(std::uint32_t now);
  void time_it(ClientScope& scope, const Memo::Running& running);
  void take_note(const Memo::Running& running, double seconds) noexcept;
  ClientAdvice advise(BuildSlot& slot, const Gemm& gemm, int limit, double state);

  // It lives until this thread's next question.
  Memo::Entry& remembered(BuildSlot& slot, std::uint64_t word, GemmKey gemm, int limit);
  Memo::Entry& look_up(BuildSlot& slot, std::uint64_t word, GemmKey gemm, int limit) noexcept;
  void log_shape(GemmKey gemm, const Memo::Entry& entry) const noexcept;
  std::unique_lock<std::mutex> lock_behind_forks();

  std::atomic<std::int64_t> next_refresh_{0};  // monotonic nanoseconds
  BuildSlots slots_;
  std::atomic<int> meant_{-1};   // the slot that answers for the process, or -1: none
  std::atomic<int> chosen_{-1};  // a slot's index, or -1: automatic
  PresentLoad load_;
  std::atomic<std::uint64_t> state_{0};        // MachineState, packed
  std::atomic<std::uint32_t> threaded_at_{0};  // milliseconds: the last call with several threads
  std::atomic<bool> learns_{false};            // from its own calls
  std::atomic<bool> log_shapes_{false};
  std::atomic<bool> disabled_{false};
  std::mutex mutex_;                // for what follows
  Refresher* refresher_ = nullptr;  // made at the first look and never freed
};

// The one of this process.
extern constinit Client process_client;

// What follows is inline because all of it together costs little more than one call would.

inline std::uint32_t Client::attend() {
  // To the kernel's tick: memory that it shares with every process, and nothing finer is as cheap.
  timespec time{};
  ::clock_gettime(CLOCK_MONOTONIC_COARSE, &time);
  const std::int64_t now = static_cast<std::int64_t>(time.tv_sec) * 1'000'000'000 + time.tv_nsec;
  if (now >= next_refresh_.load(std::memory_order_relaxed)) [[unlikely]]
    refresh_if_nobody_does(now);
  load_.look_if_due(now);
  return static_cast<std::uint32_t>(now / 1'000'000);
}

inline CallLimits Client::limits_of(const BuildSlot& slot) const {
  const int capacity = slot.capacity.load(std::memory_order_relaxed);
  if (capacity == 0) return {};
  return {slot.guard.user_count(), capacity, load_.available(), slot.guard.callers()};
}

inline MachineState Client::state_at(std::uint32_t now) const {
  MachineState state = MachineState::unpack(state_.load(std::memory_order_relaxed));
  state.advance_to(now);
  return state;
}

inline Memo::Entry& Client::remembered(BuildSlot& slot, std::uint64_t word, GemmKey gemm, int limit) {
  if (Memo* memo = thread_memo) [[likely]] {
    Memo::Entry& entry = memo->first(gemm);
    if (entry.answers(word, gemm, limit)) [[likely]]
      return entry;
  }
  return look_up(slot, word, gemm, limit);
}

}  // namespace blastune
