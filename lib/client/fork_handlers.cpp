// SPDX-License-Identifier: BSD-3-Clause
#include "client/fork_handlers.h"

#include <pthread.h>
#include <time.h>

#include <new>

#include "client/client.h"
#include "client/undisturbed.h"

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

std::uintptr_t this_thread() {
  return static_cast<std::uintptr_t>(::pthread_self());
}

}  // namespace

constinit ForkHandlers process_fork_handlers;

void ForkHandlers::register_behind(std::size_t libraries) {
  while (registrations_ <= libraries) {
    if (::pthread_atfork(&ForkHandlers::before, &ForkHandlers::after_in_parent,
                         &ForkHandlers::after_in_child) != 0)
      return;
    ++registrations_;
  }
}

void ForkHandlers::wait_for_forks() const {
  wait_at_most_a_second([this] { return waiting_.load() == 0; });
}

void ForkHandlers::before() {
  const Undisturbed undisturbed;
  Client& client = process_client;
  ForkHandlers& here = process_fork_handlers;
  // It is registered several times, and one turn does for all.
  if (here.forking_.load() == this_thread() || here.unguarded_.load() == this_thread()) return;
  // A look takes milliseconds. Should it wait for something that waits for this fork(), it is given up.
  here.waiting_.fetch_add(1);
  const bool locked = wait_at_most_a_second([] { return process_client.mutex_.try_lock(); });
  here.waiting_.fetch_sub(1);
  if (!locked) {
    here.unguarded_.store(this_thread());
    return;
  }
  here.forking_.store(this_thread());
  for (std::size_t i = 0; i < client.slots_.size(); ++i) client.slots_[i].guard.freeze();
}

void ForkHandlers::after_in_parent() {
  const Undisturbed undisturbed;
  Client& client = process_client;
  ForkHandlers& here = process_fork_handlers;
  std::uintptr_t unguarded = this_thread();
  here.unguarded_.compare_exchange_strong(unguarded, 0);
  if (here.forking_.load() != this_thread()) return;
  for (std::size_t i = 0; i < client.slots_.size(); ++i) client.slots_[i].guard.thaw();
  here.forking_.store(0);
  client.mutex_.unlock();
}

void ForkHandlers::after_in_child() {
  const Undisturbed undisturbed;
  Client& client = process_client;
  ForkHandlers& here = process_fork_handlers;
  if (here.forking_.load() == this_thread() || client.mutex_.try_lock()) {
    here.forking_.store(0);
    client.mutex_.unlock();
  } else {
    // A look that another thread was in the middle of is left behind as it is, and the next one begins anew.
    // Slots and the published advice are whole at any time.
    here.forking_.store(0);
    new (&client.mutex_) std::mutex;
    client.refresher_ = nullptr;
  }
  here.waiting_.store(0);
  here.unguarded_.store(0);
  for (std::size_t i = 0; i < client.slots_.size(); ++i) {
    client.slots_[i].box.forget_readers();
    client.slots_[i].guard.forget_other_threads();
  }
  client.load_.forget();
}

}  // namespace blastune
