// SPDX-License-Identifier: BSD-3-Clause
#include "store/json_tree.h"

#include <algorithm>
#include <cstdint>
#include <exception>
#include <nlohmann/json.hpp>
#include <utility>

#include "base/parse.h"
#include "store/json_cursor.h"

namespace blastune {
namespace {

constexpr std::size_t max_depth = 16;
constexpr std::size_t max_nodes = 100'000;

class TreeBuilder {
 public:
  explicit TreeBuilder(JsonCursor& cursor) : cursor_(cursor), counted_(cursor.at) {}

  bool null() { return add(JsonNode::Kind::null, {}); }
  bool boolean(bool value) { return add(JsonNode::Kind::boolean, value ? "true" : "false"); }
  bool number_integer(std::int64_t value) { return add(JsonNode::Kind::number, std::to_string(value)); }
  bool number_unsigned(std::uint64_t value) { return add(JsonNode::Kind::number, std::to_string(value)); }
  bool number_float(double /*value*/, const std::string& text) { return add(JsonNode::Kind::number, text); }
  bool string(std::string& value) { return add(JsonNode::Kind::text, std::move(value)); }
  bool binary(const std::vector<std::uint8_t>& /*value*/) { return false; }
  bool start_object(std::size_t /*count*/) { return open(JsonNode::Kind::object); }
  bool start_array(std::size_t /*count*/) { return open(JsonNode::Kind::array); }
  bool end_object() { return close(); }
  bool end_array() { return close(); }

  bool key(std::string& text) {
    const auto& siblings = open_.back().children;
    if (std::ranges::find(siblings, text, &JsonNode::key) != siblings.end()) {
      return fail(in_quotes(text) + " is given twice");
    }
    key_ = std::move(text);
    return true;
  }

  bool parse_error(std::size_t /*position*/, const std::string& token,
                   const nlohmann::detail::exception& why) {
    // 406 is a number that no double holds.
    return fail(why.id == 406 ? "a number is too large" : "not JSON at " + in_quotes(token));
  }

  // The line of the last byte the parser has taken. That may be the newline behind a number, so it does not
  // count.
  int line() {
    const char* last = cursor_.at == counted_ ? counted_ : cursor_.at - 1;
    line_ += static_cast<int>(std::count(counted_, last, '\n'));
    counted_ = last;
    return line_;
  }

  [[nodiscard]] const std::string& failure() const { return failure_; }
  [[nodiscard]] JsonNode take() { return std::move(root_); }

 private:
  bool fail(std::string what) {
    failure_ = std::move(what);
    return false;
  }

  JsonNode node(JsonNode::Kind kind, std::string text) {
    return {kind, line(), std::exchange(key_, {}), std::move(text), {}};
  }

  bool add(JsonNode::Kind kind, std::string text) { return place(node(kind, std::move(text))); }

  bool place(JsonNode value) {
    if (++count_ > max_nodes) return fail("more than " + std::to_string(max_nodes) + " values");
    (open_.empty() ? root_ : open_.back().children.emplace_back()) = std::move(value);
    return true;
  }

  bool open(JsonNode::Kind kind) {
    if (open_.size() == max_depth) return fail("nested deeper than " + std::to_string(max_depth));
    open_.push_back(node(kind, {}));
    return true;
  }

  bool close() {
    JsonNode finished = std::move(open_.back());
    open_.pop_back();
    return place(std::move(finished));
  }

  JsonCursor& cursor_;
  const char* counted_;  // up to here lines are counted
  int line_ = 1;
  std::string key_;
  std::vector<JsonNode> open_;
  JsonNode root_;
  std::size_t count_ = 0;
  std::string failure_;
};

}  // namespace

Result<JsonNode> parse_json_tree(std::string_view text, std::string_view source) try {
  // The parser takes a zero byte for the end of the text, whatever follows.
  if (text.find('\0') != text.npos) {
    return Error{ErrorKind::invalid_data, std::string(source) + " has a zero byte, so it is no text",
                 "correct the file"};
  }
  JsonCursor cursor{text.data(), text.data() + text.size()};
  TreeBuilder builder(cursor);
  const bool parsed = nlohmann::json::sax_parse(JsonIterator(cursor), JsonIterator(), &builder,
                                                nlohmann::json::input_format_t::json, true, true);
  if (parsed) return builder.take();
  return Error{ErrorKind::invalid_data,
               std::string(source) + ", line " + std::to_string(builder.line()) + ": " + builder.failure(),
               "correct the file"};
} catch (const std::exception& failure) {
  return Error{ErrorKind::invalid_data, std::string(source) + ": " + failure.what(), "correct the file"};
}

}  // namespace blastune
