// SPDX-License-Identifier: BSD-3-Clause
//
// A BLAS routine by its own name, "dgemm", whatever a build puts around it. At most eight letters, and so a
// number that is compared and stored as one.
#pragma once

#include <array>
#include <cstdint>
#include <string_view>

namespace blastune {

class RoutineName {
 public:
  static constexpr std::size_t most_letters = 8;

  constexpr RoutineName() = default;
  // Of any name that a build gives it: "scipy_cblas_dgemm64_", "dgemm_".
  explicit constexpr RoutineName(std::string_view symbol) {
    for (const std::string_view prefix : {"scipy_", "cblas_"}) {
      if (symbol.starts_with(prefix)) symbol.remove_prefix(prefix.size());
    }
    symbol = symbol.substr(0, symbol.find('_'));
    if (symbol.ends_with("64")) symbol.remove_suffix(2);
    for (std::size_t i = 0; i < symbol.size() && i < most_letters; ++i)
      letters_ |= std::uint64_t{static_cast<unsigned char>(symbol[i])} << (8 * i);
  }

  [[nodiscard]] constexpr std::uint64_t number() const { return letters_; }
  // Its letters, and zeros behind them.
  [[nodiscard]] constexpr std::array<char, most_letters + 1> text() const {
    std::array<char, most_letters + 1> text{};
    for (std::size_t i = 0; i < most_letters; ++i) text[i] = static_cast<char>(letters_ >> (8 * i) & 0xFFU);
    return text;
  }
  // "f32", "f64", "c64", "c128": its first letter tells.
  [[nodiscard]] constexpr std::string_view dtype() const {
    switch (text()[0]) {
      case 's':
        return "f32";
      case 'd':
        return "f64";
      case 'c':
        return "c64";
      case 'z':
        return "c128";
      default:
        return "";
    }
  }

  constexpr bool operator==(const RoutineName&) const = default;

 private:
  std::uint64_t letters_ = 0;
};

}  // namespace blastune
