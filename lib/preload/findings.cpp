// SPDX-License-Identifier: BSD-3-Clause
#include "preload/findings.h"

#include <fcntl.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <iterator>
#include <string>
#include <utility>

#include "base/unique_fd.h"
#include "blastune/blastune.h"
#include "preload/blas_objects.h"
#include "preload/real_function.h"
#include "store/process_findings.h"

namespace blastune {
namespace {

// More than that is no report any more.
constexpr off_t largest_file = off_t{64} << 20U;

struct Route {
  std::string caller;
  std::string blas;
  std::atomic<std::uint64_t> multiplies{0};
  std::atomic<std::uint64_t> others{0};
};

// Made once where findings are wanted, and never freed: calls may come until the very end.
class Recorder {
 public:
  explicit Recorder(const char* file) : file_(file) {
    timespec now{};
    ::clock_gettime(CLOCK_MONOTONIC, &now);
    known_.began =
        static_cast<std::uint64_t>(now.tv_sec) * 1'000'000'000U + static_cast<std::uint64_t>(now.tv_nsec);
    known_.process = ::getpid();
    known_.parent = ::getppid();
    known_.program = program_path();
  }

  // In the child of a fork(). False when another thread was in the middle of a change: nobody will end it.
  bool continue_in_child() {
    if (busy_.test() || routes_busy_.test()) return false;
    known_.process = ::getpid();
    known_.parent = ::getppid();
    known_.forked = true;
    for (std::size_t i = 0; i < routes_used_.load(); ++i) {
      routes_[i].multiplies.store(0);
      routes_[i].others.store(0);
    }
    return true;
  }

  std::atomic<std::uint64_t>* counter(const char* symbol, const void* caller, const void* function) {
    std::string calling = object_path(caller);
    std::string called = object_path(function);
    const bool is_multiply = std::strstr(symbol, "gemm") != nullptr;
    // Held for a moment, and never while the loader is asked.
    while (routes_busy_.test_and_set()) ::sched_yield();
    std::atomic<std::uint64_t>* const found = counter_of(calling, called, is_multiply);
    routes_busy_.clear();
    return found;
  }

  enum class Occasion { beginning, first_call, more_calls, end };
  // Nothing while another thread is at it: it says nearly the same. Nor in a copy of the process that came
  // about without fork().
  void tell(Occasion occasion) {
    const Turn turn(busy_);
    if (!turn || known_.process != ::getpid()) return;
    if (occasion != Occasion::more_calls) look(occasion != Occasion::beginning);
    ProcessFindings findings = known_;
    findings.ended = occasion == Occasion::end;
    count_calls(findings.callers);
    append(findings_line(findings));
  }

 private:
  // Null where room or memory has run out.
  std::atomic<std::uint64_t>* counter_of(std::string& calling, std::string& called,
                                         bool is_multiply) noexcept {
    const std::size_t used = routes_used_.load();
    const auto end = routes_.begin() + static_cast<std::ptrdiff_t>(used);
    auto route = std::find_if(routes_.begin(), end, [&](const Route& known) {
      return known.caller == calling && known.blas == called;
    });
    if (route == end) {
      if (used == routes_.size()) return nullptr;
      route->caller = std::move(calling);
      route->blas = std::move(called);
      routes_used_.store(used + 1);
    }
    return is_multiply ? &route->multiplies : &route->others;
  }

  class Turn {
   public:
    explicit Turn(std::atomic_flag& busy) : busy_(busy), has_it_(!busy.test_and_set()) {}
    Turn(const Turn&) = delete;
    Turn& operator=(const Turn&) = delete;
    ~Turn() {
      if (has_it_) busy_.clear();
    }
    explicit operator bool() const { return has_it_; }

   private:
    std::atomic_flag& busy_;
    bool has_it_;
  };

  // ask: who they are. Asking calls into them, so not before the program begins and they are ready.
  void look(bool ask) {
    const BlasObjects objects = list_blas_objects();
    std::vector<BlasFindings> blas;
    for (const BlasObject& object : objects.definers) {
      BlasFindings& found = blas.emplace_back();
      found.path = object.path;
      found.prefix = object.prefix;
      found.suffix = object.suffix;
      if (ask) describe(object.address, found);
    }
    std::vector<CallerFindings> callers;
    for (const BlasUser& user : objects.users) {
      const void* const function = find_real_function(user.symbol.c_str(), user.address);
      if (function != nullptr) callers.push_back({user.path, object_path(function)});
    }
    known_.blas = std::move(blas);
    known_.callers = std::move(callers);
    if (!ask) return;
    blastune_status_info status = {};
    status.size = sizeof status;
    known_.disabled = blastune_status(&status) == 0 && status.reason == BLASTUNE_DISABLED;
  }

  static void describe(const void* address, BlasFindings& found) {
    found.was_asked = true;
    const int number = blastune_find_blas(address);
    blastune_blas_info info = {};
    info.size = sizeof info;
    if (number < 1 || blastune_describe_blas(number, &info) != 0) return;
    found.openblas = info.path;
    found.build = info.build;
    found.integer_bits = info.integer_bits;
    found.applies = info.applies != 0;
    found.limit = info.limit;
    if (info.reason >= 0 && static_cast<std::size_t>(info.reason) < std::size(reason_names))
      found.reason = reason_names[info.reason];
    found.message = info.message;
    found.table = info.table;
    found.curves = info.curves;
  }

  void count_calls(std::vector<CallerFindings>& callers) const {
    for (std::size_t i = 0; i < routes_used_.load(); ++i) {
      const Route& route = routes_[i];
      auto at = std::ranges::find_if(callers, [&](const CallerFindings& caller) {
        return caller.path == route.caller && caller.blas == route.blas;
      });
      // One that was called by an address; or a name that another object of the caller's leads to.
      if (at == callers.end()) at = callers.insert(callers.end(), {route.caller, route.blas});
      at->multiplies = route.multiplies.load();
      at->others = route.others.load();
    }
  }

  void append(const std::string& line) const {
    const UniqueFd file(
        ::open(file_.c_str(), O_WRONLY | O_APPEND | O_CLOEXEC | O_NOFOLLOW | O_NOCTTY | O_NONBLOCK));
    struct stat status {};
    if (!file.valid() || ::fstat(file.get(), &status) != 0 || !S_ISREG(status.st_mode) ||
        status.st_size > largest_file)
      return;
    // A user's limit on files would end the program.
    sigset_t limit_signal;
    sigset_t mask;
    sigset_t pending;
    sigemptyset(&limit_signal);
    sigaddset(&limit_signal, SIGXFSZ);
    sigemptyset(&pending);
    ::sigpending(&pending);
    if (::pthread_sigmask(SIG_BLOCK, &limit_signal, &mask) != 0) return;
    const auto written = ::write(file.get(), line.data(), line.size());
    if (written < 0 && errno == EFBIG && sigismember(&pending, SIGXFSZ) == 0) {
      const timespec at_once = {0, 0};
      while (::sigtimedwait(&limit_signal, nullptr, &at_once) < 0 && errno == EINTR) continue;
    }
    ::pthread_sigmask(SIG_SETMASK, &mask, nullptr);
  }

  std::string file_;
  std::atomic_flag busy_;         // who has it may change what is known
  std::atomic_flag routes_busy_;  // and this, the routes
  ProcessFindings known_;
  std::array<Route, 64> routes_;
  std::atomic<std::size_t> routes_used_{0};
};

constinit std::atomic<Recorder*> recorder{nullptr};

// Slow work in the middle of the host's own.
template <class Work>
void undisturbed(const Work& work) {
  const int error_number = errno;
  int cancel_state = 0;
  ::pthread_setcancelstate(PTHREAD_CANCEL_DISABLE, &cancel_state);
  try {
    work();
  } catch (...) {
    // Without memory a line is missing, and nothing else.
  }
  int ignored = 0;
  ::pthread_setcancelstate(cancel_state, &ignored);
  errno = error_number;
}

void tell_at(Recorder::Occasion occasion) {
  Recorder* const here = recorder.load();
  if (here != nullptr) undisturbed([&] { here->tell(occasion); });
}

void after_fork_in_child() {
  Recorder* const here = recorder.load();
  if (here != nullptr && !here->continue_in_child()) recorder.store(nullptr);
}

[[gnu::constructor]] void begin() {
  const char* const file = ::secure_getenv("BLASTUNE_FINDINGS");
  if (file == nullptr || *file != '/') return;
  undisturbed([&] {
    recorder.store(new Recorder(file));
    ::pthread_atfork(nullptr, nullptr, after_fork_in_child);
  });
  tell_at(Recorder::Occasion::beginning);
}

[[gnu::destructor]] void end() {
  tell_at(Recorder::Occasion::end);
}

}  // namespace

std::atomic<std::uint64_t>* Findings::counter(const char* symbol, const void* caller,
                                              const void* function) noexcept {
  Recorder* const here = recorder.load();
  std::atomic<std::uint64_t>* found = nullptr;
  if (here != nullptr) undisturbed([&] { found = here->counter(symbol, caller, function); });
  return found;
}

void Findings::tell(bool look) noexcept {
  tell_at(look ? Recorder::Occasion::first_call : Recorder::Occasion::more_calls);
}

}  // namespace blastune
