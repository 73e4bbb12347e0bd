// SPDX-License-Identifier: BSD-3-Clause
//
// A place in a JSON text that its parser and the receiver of the parser's events share: the receiver can
// see how far the parser is, and can take over the plain numbers of an array itself.
#pragma once

#include <cstddef>
#include <cstdint>
#include <iterator>
#include <string_view>
#include <vector>

namespace blastune {

struct JsonCursor {
  const char* at;
  const char* end;
};

// What the parser reads through. All copies move the one cursor.
class JsonIterator {
 public:
  // The names that std::iterator_traits looks for.
  // NOLINTBEGIN(readability-identifier-naming)
  using iterator_category = std::input_iterator_tag;
  using value_type = char;
  using difference_type = std::ptrdiff_t;
  using pointer = const char*;
  using reference = const char&;
  // NOLINTEND(readability-identifier-naming)

  explicit JsonIterator(JsonCursor& cursor) : cursor_(&cursor) {}
  JsonIterator() = default;  // the end

  reference operator*() const { return *cursor_->at; }
  JsonIterator& operator++() {
    ++cursor_->at;
    return *this;
  }
  JsonIterator operator++(int) {
    const auto before = *this;
    ++*this;
    return before;
  }
  // Only ever compared with the end.
  friend bool operator==(const JsonIterator& a, const JsonIterator& b) { return a.at_end() && b.at_end(); }

 private:
  [[nodiscard]] bool at_end() const { return cursor_ == nullptr || cursor_->at == cursor_->end; }

  JsonCursor* cursor_ = nullptr;
};

// Appends the whole numbers from the cursor, which stands behind "[", up to the closing "]", where it is
// left. False for anything that is not a JSON list of at most max_count numbers of at most 18 digits without
// sign, point or exponent.
bool take_whole_numbers(JsonCursor& cursor, std::size_t max_count, std::vector<std::uint64_t>& numbers);

}  // namespace blastune
