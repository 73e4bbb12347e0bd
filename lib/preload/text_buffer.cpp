// SPDX-License-Identifier: BSD-3-Clause
#include "preload/text_buffer.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <cstring>

#include "store/utf8.h"

namespace blastune {
namespace {

// Longer than anything measured here, and no more than what an integer of picoseconds holds.
constexpr double most_seconds = 9e6;

double within(double seconds) {
  return std::isfinite(seconds) ? std::clamp(seconds, -most_seconds, most_seconds) : 0;
}

}  // namespace

TextBuffer& TextBuffer::add(std::string_view text) {
  if (text.size() > storage_.size() - size_) {
    overflowed_ = true;
    return *this;
  }
  if (!text.empty()) std::memcpy(storage_.data() + size_, text.data(), text.size());
  size_ += text.size();
  const std::size_t end = text.rfind('\n');
  if (end != text.npos) line_begins_ = size_ - text.size() + end + 1;
  return *this;
}

TextBuffer& TextBuffer::add(std::uint64_t number) {
  std::array<char, 20> digits{};
  const std::to_chars_result end = std::to_chars(digits.begin(), digits.end(), number);
  return add(std::string_view(digits.begin(), end.ptr));
}

TextBuffer& TextBuffer::add_signed(std::int64_t number) {
  if (number >= 0) return add(static_cast<std::uint64_t>(number));
  return add("-").add(std::uint64_t{0} - static_cast<std::uint64_t>(number));
}

TextBuffer& TextBuffer::add_seconds(double seconds) {
  constexpr double picoseconds_a_second = 1e12;
  constexpr std::uint64_t one_second = 1'000'000'000'000;
  const double known = within(seconds);
  const auto picoseconds = static_cast<std::uint64_t>(std::llround(std::abs(known) * picoseconds_a_second));
  if (known < 0 && picoseconds != 0) add("-");
  add(picoseconds / one_second);
  std::uint64_t rest = picoseconds % one_second;
  if (rest == 0) return *this;
  std::array<char, 13> digits{'.'};
  for (std::size_t i = digits.size() - 1; i > 0; --i, rest /= 10)
    digits[i] = static_cast<char>('0' + rest % 10);
  const std::string_view text(digits.data(), digits.size());
  return add(text.substr(0, text.find_last_not_of('0') + 1));
}

TextBuffer& TextBuffer::add_duration(double seconds) {
  struct Unit {
    double seconds;
    std::string_view name;
  };
  constexpr std::array<Unit, 4> units = {{{1, " s"}, {1e-3, " ms"}, {1e-6, " us"}, {1e-9, " ns"}}};
  const double known = within(seconds);
  const double size = std::abs(known);
  if (size < 0.5e-9) return add("0 s");
  if (known < 0) add("-");
  // 999.6 us is 1.00 ms.
  constexpr double almost = 0.9995;
  const Unit* unit = units.begin();
  while (unit != units.end() - 1 && size < almost * unit->seconds) ++unit;
  const double value = size / unit->seconds;
  const int decimals = value < 9.995 ? 2 : value < 99.95 ? 1 : 0;
  const std::uint64_t scale = decimals == 2 ? 100 : decimals == 1 ? 10 : 1;
  const auto scaled = static_cast<std::uint64_t>(std::llround(value * static_cast<double>(scale)));
  add(scaled / scale);
  if (decimals > 0) add(".");
  if (decimals == 2 && scaled % scale < 10) add("0");
  if (decimals > 0) add(scaled % scale);
  return add(unit->name);
}

TextBuffer& TextBuffer::add_json_text(std::string_view text) {
  const bool is_sound = is_utf8(text);
  add("\"");
  for (const char letter : text) {
    const auto code = static_cast<unsigned char>(letter);
    constexpr std::string_view digits = "0123456789abcdef";
    if (letter == '"' || letter == '\\')
      add("\\").add({&letter, 1});
    else if (code < 0x20)
      add("\\u00").add(digits.substr(code / 16, 1)).add(digits.substr(code % 16, 1));
    else if (code >= 0x80 && !is_sound)
      add("?");
    else
      add({&letter, 1});
  }
  return add("\"");
}

TextBuffer& TextBuffer::add_printable(std::string_view text) {
  for (const char letter : text) add(letter >= ' ' && letter <= '~' ? std::string_view(&letter, 1) : "?");
  return *this;
}

TextBuffer& TextBuffer::pad_to(std::size_t column) {
  while (!overflowed_ && size_ - line_begins_ < column) add(" ");
  return *this;
}

}  // namespace blastune
