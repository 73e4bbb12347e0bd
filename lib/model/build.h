// SPDX-License-Identifier: BSD-3-Clause
//
// The identity of one OpenBLAS binary. What is measured for one build is never used for another.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/result.h"

namespace blastune {

enum class Threading : std::uint8_t { serial, pthread, openmp };

struct Version {
  int major = 0;
  int minor = 0;
  int patch = 0;

  auto operator<=>(const Version&) const = default;
};

struct Build {
  Version version;                          // 0.0.0 when the configuration text names none (before 0.3.4)
  std::string config;                       // openblas_get_config(), as the library gives it
  std::string core_name;                    // openblas_get_corename(): the kernels chosen on this machine
  Threading threading = Threading::serial;  // openblas_get_parallel()
  int integer_bits = 32;                    // width of BLAS integers: 32 or 64
  std::string prefix;                       // symbol affixes: "" or "scipy_"
  std::string suffix;                       // "", "64_" or "_64"
  int max_threads = 1;                      // compiled-in ceiling (MAX_THREADS=); 1 when unknown
  std::string build_id;                     // GNU build-id in hexadecimal; empty when the file has none
  std::string path;                         // where it was found; not part of the identity

  bool operator==(const Build&) const = default;  // the path too; see same_build
};

// True when both are the same binary doing the same on this machine: everything but the path agrees.
[[nodiscard]] bool same_build(const Build& a, const Build& b);

// How a build's count can be set without harm (docs/adr/0003-setting-the-count.md).
enum class CountSetter : std::uint8_t {
  none,      // serial, or no safe way known
  openblas,  // openblas_set_num_threads
  openmp,    // omp_set_num_threads of the runtime that this library uses; its own setter is ignored
};
[[nodiscard]] CountSetter count_setter(const Build& build);

// Reads version, integer width and ceiling out of openblas_get_config()'s text.
struct ConfigFacts {
  Version version;
  bool openmp = false;
  bool use64bitint = false;
  int max_threads = 1;
};
// Nothing when the text is not OpenBLAS's.
[[nodiscard]] std::optional<ConfigFacts> parse_config(std::string_view config);

// "serial", "pthread", "openmp".
[[nodiscard]] std::string_view name(Threading threading);
[[nodiscard]] std::optional<Threading> threading_from_name(std::string_view text);
// "none", "openblas", "openmp".
[[nodiscard]] std::string_view name(CountSetter setter);
[[nodiscard]] std::optional<CountSetter> count_setter_from_name(std::string_view text);
[[nodiscard]] std::string to_string(const Version& version);
[[nodiscard]] std::optional<Version> version_from_text(std::string_view text);

// "OpenBLAS 0.3.21 pthread (Zen)".
[[nodiscard]] std::string describe(const Build& build);

}  // namespace blastune
