// SPDX-License-Identifier: BSD-3-Clause
#include "preload/process_stats.h"

#include <pthread.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <cerrno>
#include <charconv>
#include <string_view>

#include "preload/counted_call.h"
#include "preload/stats_place.h"
#include "preload/stats_report.h"

namespace blastune {

constinit bool counts_calls = false;

namespace {

// All of it zeros, so it takes no memory before something is counted.
constinit CallAccount account;
constinit StatsPlace place;
constinit std::atomic<pid_t> owner{0};
constinit std::atomic<bool> is_told{false};
// Which tells also that there was nothing to count.
constinit pid_t started = 0;

// A mapping of its own: whoever ends the process may have been in the middle of an allocation.
class Storage {
 public:
  explicit Storage(std::size_t size) : size_(size) {
    void* const mapped = ::mmap(nullptr, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (mapped != MAP_FAILED) start_ = static_cast<char*>(mapped);
  }
  Storage(const Storage&) = delete;
  Storage& operator=(const Storage&) = delete;
  ~Storage() {
    if (start_ != nullptr) ::munmap(start_, size_);
  }
  [[nodiscard]] std::span<char> all() const { return {start_, start_ == nullptr ? 0 : size_}; }

 private:
  std::size_t size_;
  char* start_ = nullptr;
};

void begin_in_child() {
  account.clear();
  owner.store(::getpid());
  is_told.store(false);
}

[[gnu::constructor]] void begin_counting() {
  const char* where = ::secure_getenv("BLASTUNE_STATS");
  if (where == nullptr || !place.set(where)) return;
  owner.store(::getpid());
  if (const char* text = ::secure_getenv("BLASTUNE_STATS_PROCESS")) {
    const std::string_view digits(text);
    std::from_chars(digits.data(), digits.data() + digits.size(), started);
  }
  if (::pthread_atfork(nullptr, nullptr, &begin_in_child) != 0) return;
  // What it leaves out, exit() does.
  ::at_quick_exit(&tell_what_was_done);
  counts_calls = true;
}

[[gnu::destructor]] void tell_at_exit() {
  tell_what_was_done();
}

}  // namespace

CallAccount& process_account() {
  return account;
}

void tell_what_was_done() {
  if (!counts_calls || ::getpid() != owner.load() || is_told.exchange(true)) return;
  const int error_number = errno;
  constexpr std::size_t longest_path = 4096;
  const Storage storage(room_for_report(account.size()) + longest_path);
  if (!storage.all().empty()) {
    const std::span<char> path = storage.all().first(longest_path);
    const ssize_t length = ::readlink("/proc/self/exe", path.data(), path.size());
    const ToldProcess process = {
        ::getpid(), ::getppid(), {path.data(), static_cast<std::size_t>(std::max<ssize_t>(length, 0))}};
    TextBuffer text(storage.all().subspan(longest_path));
    if (place.is_for_people()) {
      if (process.id == started || summarise(account).calls > 0) write_table(text, account, process);
    } else {
      write_json(text, account, process);
    }
    if (!text.has_overflowed()) place.write(text.text());
  }
  errno = error_number;
}

}  // namespace blastune
