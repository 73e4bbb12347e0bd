// SPDX-License-Identifier: BSD-3-Clause
//
// Between the values of an enum, which count from 0, and a list of their names in that order. Pure.
#pragma once

#include <cstddef>
#include <optional>
#include <span>
#include <string_view>

namespace blastune {

// The first name for what is no value.
template <class Enum>
std::string_view name_in(std::span<const std::string_view> names, Enum value) {
  const auto index = static_cast<std::size_t>(value);
  return index < names.size() ? names[index] : names.front();
}

template <class Enum>
std::optional<Enum> find_in(std::span<const std::string_view> names, std::string_view text) {
  for (std::size_t i = 0; i < names.size(); ++i) {
    if (names[i] == text) return static_cast<Enum>(i);
  }
  return std::nullopt;
}

}  // namespace blastune
