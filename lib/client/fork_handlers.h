// SPDX-License-Identifier: BSD-3-Clause
//
// What the client does around fork(). fork() copies a lock that another thread holds, and nobody in the child
// will ever release it: the dynamic loader's while its list of objects is read, OpenBLAS's own while a count
// is set. So neither happens while the process is copied. Constant-initialised; lives as long as the process.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>

namespace blastune {

class ForkHandlers {
 public:
  constexpr ForkHandlers() = default;
  ForkHandlers(const ForkHandlers&) = delete;
  ForkHandlers& operator=(const ForkHandlers&) = delete;

  // What registers last is called first before a fork(). OpenBLAS stops its threads there, and must not find
  // them started again by a count that is set. So the handlers are registered anew behind every OpenBLAS that
  // is found. Under the client's mutex.
  void register_behind(std::size_t libraries);
  // A thread that asks for one look after the other would leave fork() no moment between two of them: this
  // returns when nobody wants to fork, or after a second.
  void wait_for_forks() const;

 private:
  static void before();
  static void after_in_parent();
  static void after_in_child();

  std::size_t registrations_ = 0;
  std::atomic<int> waiting_{0};               // threads in fork() that want the client's mutex
  std::atomic<std::uintptr_t> forking_{0};    // the thread that holds it and keeps the guards frozen
  std::atomic<std::uintptr_t> unguarded_{0};  // the one that forks without, having waited long enough
};

// The ones of this process.
extern constinit ForkHandlers process_fork_handlers;

}  // namespace blastune
