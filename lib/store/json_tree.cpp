// SPDX-License-Identifier: BSD-3-Clause
#include "store/json_tree.h"

#include <algorithm>
#include <cstdint>
#include <exception>
#include <nlohmann/json.hpp>
#include <string_view>
#include <utility>

#include "base/parse.h"
#include "store/json_cursor.h"

namespace blastune {
namespace {

constexpr std::size_t max_depth = 16;
constexpr std::size_t max_nodes = 100'000;
constexpr std::string_view blanks = " \t\r\n";

class TreeBuilder {
 public:
  explicit TreeBuilder(JsonCursor& cursor) : cursor_(cursor), begin_(cursor.at), counted_(cursor.at) {}

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
    return fail(why.id == 406 ? "a number is too large" : what_is_wrong(token, why.what()));
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
  // Where the parser stopped is known; what people forget is guessed.
  [[nodiscard]] std::string what_is_wrong(const std::string& token, std::string_view why) const {
    const std::string_view read(begin_, static_cast<std::size_t>(cursor_.at - begin_));
    if (before(read.size()) == '\0') return "the file is empty; the least is {}";
    const auto says = [&](std::string_view words) { return why.find(words) != why.npos; };
    if (says("unexpected end of input") || says("missing closing quote"))
      return "it ends too early: a bracket, a brace or a quote is not closed";
    if (says("control character")) return "a quote is not closed before its line ends";
    if (says("invalid comment")) return "a comment is not closed";
    for (const char bracket : {']', '}'}) {
      if (!says(std::string("unexpected '") + bracket)) continue;
      const std::string comma = before(read.rfind(bracket)) == ',' ? "; the comma before it has to go" : "";
      return std::string("not JSON at \"") + bracket + '"' + comma;
    }
    std::string text = "not JSON at " + in_quotes(token);
    const char previous = before(read.size() - std::min(read.size(), token.size()));
    const bool ends_a_value =
        previous == '"' || previous == ']' || previous == '}' || (previous >= '0' && previous <= '9');
    if (says("unexpected string literal") && ends_a_value) text += "; a comma is missing before it";
    if (says("invalid literal")) text += "; names and texts stand in double quotes, a comment begins with //";
    return text;
  }

  // The last character before there that is neither blank nor in a comment; 0: none.
  [[nodiscard]] char before(std::size_t end) const {
    const std::string_view read(begin_, end);
    char last = '\0';
    for (std::size_t i = 0; i < read.size(); ++i) {
      if (read.substr(i).starts_with("//")) {
        i = std::min(read.find('\n', i), read.size());
      } else if (read.substr(i).starts_with("/*")) {
        i = std::min(read.find("*/", i + 2), read.size() - 1) + 1;
      } else if (read[i] == '"') {
        last = '"';
        for (++i; i < read.size() && read[i] != '"'; ++i) {
          if (read[i] == '\\') ++i;
        }
      } else if (blanks.find(read[i]) == blanks.npos) {
        last = read[i];
      }
    }
    return last;
  }

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
  const char* begin_;
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
