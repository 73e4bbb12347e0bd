// SPDX-License-Identifier: BSD-3-Clause
//
// The answer to "how many threads for this gemm?".
#pragma once

#include <cstdint>
#include <string_view>

namespace blastune {

enum class Basis : std::uint8_t {
  none,          // no opinion; threads is 0 and every other number means nothing
  measured,      // this very gemm was measured
  interpolated,  // from measured gemms nearby
};

struct Advice {
  int threads = 0;  // 0: no opinion
  double expected_seconds = 0;
  // With the library's own count, under the same limit; 0 where so many were not measured.
  double default_seconds = 0;
  Basis basis = Basis::none;
  double confidence = 0;  // probability, 0 to 1, that no allowed count is faster by more than the tolerance
  // The library's own count, though another one was or is expected to be faster: not by enough for what is
  // known, or the library's own was not measured.
  bool stays_with_default = false;
};

// Of one gemm with one count, whether or not that count is advised.
struct ExpectedTime {
  double seconds = 0;         // 0: no opinion
  Basis basis = Basis::none;  // measured: this very gemm was, with this very count

  bool operator==(const ExpectedTime&) const = default;
};

// What the state of the machine, and a program's own calls, decide between for one gemm under one limit.
struct Alternatives {
  int several = 0;  // the best count of two or more that is allowed; 0: there is none, or no opinion
  double several_seconds = 0;  // expected with it in state 0
  double one_seconds = 0;      // expected with one thread
  // One thread is chosen when ln(one_seconds) + handicap < ln(several_seconds) + state * loading. Positive
  // where one thread must earn its place, negative where ties go to it.
  double handicap = 0;
  double loading = 1;
  double error = 0;  // standard error of ln(several_seconds / one_seconds)
};

// "none", "measured", "interpolated".
[[nodiscard]] std::string_view name(Basis basis);

}  // namespace blastune
