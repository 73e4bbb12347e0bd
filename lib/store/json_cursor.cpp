// SPDX-License-Identifier: BSD-3-Clause
#include "store/json_cursor.h"

namespace blastune {
namespace {

constexpr std::ptrdiff_t most_digits = 18;  // any number of so many digits fits

bool is_digit(char c) {
  return c >= '0' && c <= '9';
}

void skip_space(JsonCursor& cursor) {
  while (cursor.at != cursor.end &&
         (*cursor.at == ' ' || *cursor.at == '\n' || *cursor.at == '\t' || *cursor.at == '\r')) {
    ++cursor.at;
  }
}

bool take_number(JsonCursor& cursor, std::uint64_t& number) {
  const char* const begin = cursor.at;
  number = 0;
  while (cursor.at != cursor.end && is_digit(*cursor.at)) {
    if (cursor.at - begin == most_digits) return false;
    number = number * 10 + static_cast<std::uint64_t>(*cursor.at++ - '0');
  }
  const auto digits = cursor.at - begin;
  return digits == 1 || (digits > 1 && *begin != '0');
}

}  // namespace

bool take_whole_numbers(JsonCursor& cursor, std::size_t max_count, std::vector<std::uint64_t>& numbers) {
  skip_space(cursor);
  if (cursor.at != cursor.end && *cursor.at == ']') return true;
  for (std::size_t count = 0; count < max_count; ++count) {
    std::uint64_t number = 0;
    skip_space(cursor);
    if (!take_number(cursor, number)) return false;
    numbers.push_back(number);
    skip_space(cursor);
    if (cursor.at == cursor.end) return false;
    if (*cursor.at == ']') return true;
    if (*cursor.at++ != ',') return false;
  }
  return false;
}

}  // namespace blastune
