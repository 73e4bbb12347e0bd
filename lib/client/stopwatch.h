// SPDX-License-Identifier: BSD-3-Clause
//
// Reads the time in a few nanoseconds, in ticks whose length is learnt as the program runs. For the durations
// of multiplies; not for anything that must not step back.
#pragma once

#include <time.h>

#include <atomic>
#include <cstdint>

#if defined(__x86_64__)
#include <cpuid.h>
#endif

namespace blastune {

inline std::int64_t monotonic_nanoseconds() {
  timespec now{};
  ::clock_gettime(CLOCK_MONOTONIC, &now);
  return static_cast<std::int64_t>(now.tv_sec) * 1'000'000'000 + now.tv_nsec;
}

class Stopwatch {
 public:
  constexpr Stopwatch() = default;

  [[nodiscard]] static std::uint64_t ticks() {
#if defined(__x86_64__)
    return __builtin_ia32_rdtsc();
#elif defined(__aarch64__)
    std::uint64_t count = 0;
    asm volatile("mrs %0, cntvct_el0" : "=r"(count));
    return count;
#else
    return static_cast<std::uint64_t>(monotonic_nanoseconds());
#endif
  }

  // 0 until calibrate() was called twice, or where ticks do not go evenly.
  [[nodiscard]] double seconds_a_tick() const {
    return seconds_a_tick_.load(std::memory_order_relaxed);
  }

  // One thread at a time, now and then.
  void calibrate() {
    if (!is_even()) return;
    const std::uint64_t ticks_now = ticks();
    const std::int64_t now = monotonic_nanoseconds();
    const auto ticks_passed = static_cast<std::int64_t>(ticks_now - ticks_);
    const std::int64_t passed = now - nanoseconds_;
    constexpr std::int64_t shortest = 10'000'000;
    if (nanoseconds_ != 0 && passed < shortest) return;
    if (nanoseconds_ != 0 && ticks_passed > 0)
      seconds_a_tick_.store(static_cast<double>(passed) * 1e-9 / static_cast<double>(ticks_passed),
                            std::memory_order_relaxed);
    ticks_ = ticks_now;
    nanoseconds_ = now;
  }

 private:
  static bool is_even() {
#if defined(__x86_64__)
    // "Invariant TSC": the same rate in every state of the processor, and on all of them.
    unsigned a = 0;
    unsigned b = 0;
    unsigned c = 0;
    unsigned d = 0;
    constexpr unsigned power_management = 0x80000007;
    return __get_cpuid(power_management, &a, &b, &c, &d) != 0 && (d >> 8U & 1U) != 0;
#else
    return true;
#endif
  }

  std::atomic<double> seconds_a_tick_{0};
  std::uint64_t ticks_ = 0;
  std::int64_t nanoseconds_ = 0;
};

}  // namespace blastune
