// SPDX-License-Identifier: BSD-3-Clause
//
// Text put together in storage of fixed size, without allocating, locking or asking for the locale: it may be
// used wherever a process ends. What does not fit is not added, and has_overflowed() says so.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>

namespace blastune {

class TextBuffer {
 public:
  explicit TextBuffer(std::span<char> storage) : storage_(storage) {}

  TextBuffer& add(std::string_view text);
  TextBuffer& add(std::uint64_t number);
  TextBuffer& add_signed(std::int64_t number);
  // As JSON has a number: no more than twelve digits behind the point, which is a picosecond.
  TextBuffer& add_seconds(double seconds);
  // For people: three significant digits and the fitting unit.
  TextBuffer& add_duration(double seconds);
  // In quotes, as JSON has text; what is no UTF-8 becomes question marks.
  TextBuffer& add_json_text(std::string_view text);
  // As a terminal may get it: control characters and what is not ASCII become question marks.
  TextBuffer& add_printable(std::string_view text);
  // Blanks up to that column of the line.
  TextBuffer& pad_to(std::size_t column);

  [[nodiscard]] std::string_view text() const { return {storage_.data(), size_}; }
  [[nodiscard]] bool has_overflowed() const { return overflowed_; }

 private:
  std::span<char> storage_;
  std::size_t size_ = 0;
  std::size_t line_begins_ = 0;
  bool overflowed_ = false;
};

}  // namespace blastune
