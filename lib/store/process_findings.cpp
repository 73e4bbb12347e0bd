// SPDX-License-Identifier: BSD-3-Clause
#include "store/process_findings.h"

#include <algorithm>
#include <charconv>

#include "base/parse.h"
#include "store/json_tree.h"
#include "store/utf8.h"

namespace blastune {
namespace {

constexpr std::size_t max_text = 4096;
constexpr std::size_t max_blas = 32;
constexpr std::size_t max_callers = 64;

void append_quoted(std::string& line, std::string_view text) {
  const std::string plain = text.size() <= max_text && is_utf8(text)
                                ? std::string(text)
                                : printable(text.substr(0, std::min(text.size(), max_text)));
  constexpr char digits[] = "0123456789abcdef";
  line += '"';
  for (const char c : plain) {
    const auto byte = static_cast<unsigned char>(c);
    if (byte < 0x20) {
      line += "\\u00";
      line += digits[byte / 16];
      line += digits[byte % 16];
      continue;
    }
    if (c == '"' || c == '\\') line += '\\';
    line += c;
  }
  line += '"';
}

class ObjectWriter {
 public:
  explicit ObjectWriter(std::string& line) : line_(line) { line_ += '{'; }
  ObjectWriter(const ObjectWriter&) = delete;
  ObjectWriter& operator=(const ObjectWriter&) = delete;
  ~ObjectWriter() { line_ += '}'; }

  void text(const char* key, std::string_view value) {
    begin(key);
    append_quoted(line_, value);
  }
  void flag(const char* key, bool value) {
    begin(key);
    line_ += value ? "true" : "false";
  }
  template <class Number>
  void number(const char* key, Number value) {
    begin(key);
    line_ += std::to_string(value);
  }
  template <class Item, class Write>
  void list(const char* key, const std::vector<Item>& items, std::size_t most, const Write& write) {
    begin(key);
    line_ += '[';
    for (std::size_t i = 0; i < std::min(items.size(), most); ++i) {
      if (i > 0) line_ += ',';
      ObjectWriter object(line_);
      write(object, items[i]);
    }
    line_ += ']';
  }

 private:
  void begin(const char* key) {
    if (line_.back() != '{') line_ += ',';
    append_quoted(line_, key);
    line_ += ':';
  }

  std::string& line_;
};

void write_blas(ObjectWriter& object, const BlasFindings& blas) {
  object.text("path", blas.path);
  object.text("prefix", blas.prefix);
  object.text("suffix", blas.suffix);
  object.flag("was_asked", blas.was_asked);
  object.text("openblas", blas.openblas);
  object.text("build", blas.build);
  object.number("integer_bits", blas.integer_bits);
  object.flag("applies", blas.applies);
  object.number("limit", blas.limit);
  object.text("reason", blas.reason);
  object.text("message", blas.message);
  object.text("table", blas.table);
  object.number("curves", blas.curves);
}

void write_caller(ObjectWriter& object, const CallerFindings& caller) {
  object.text("path", caller.path);
  object.text("blas", caller.blas);
  object.number("multiplies", caller.multiplies);
  object.number("others", caller.others);
}

// Takes the children of one object by their keys. What is missing or of another kind makes it bad.
class ObjectReader {
 public:
  explicit ObjectReader(const JsonNode& object) : object_(object) {
    is_good_ = object.kind == JsonNode::Kind::object;
  }

  void text(const char* key, std::string& into) {
    const JsonNode* node = child(key, JsonNode::Kind::text);
    if (node == nullptr || node->text.size() > max_text) return fail();
    into = node->text;
  }
  void flag(const char* key, bool& into) {
    const JsonNode* node = child(key, JsonNode::Kind::boolean);
    if (node == nullptr) return fail();
    into = node->text == "true";
  }
  // Whole and not negative.
  template <class Number>
  void number(const char* key, Number& into) {
    const JsonNode* node = child(key, JsonNode::Kind::number);
    if (node == nullptr) return fail();
    const char* const end = node->text.data() + node->text.size();
    const auto [stopped, problem] = std::from_chars(node->text.data(), end, into);
    if (problem != std::errc{} || stopped != end || into < Number{0}) fail();
  }
  template <class Item, class Read>
  void list(const char* key, std::vector<Item>& into, std::size_t most, const Read& read) {
    const JsonNode* node = child(key, JsonNode::Kind::array);
    if (node == nullptr || node->children.size() > most) return fail();
    for (const JsonNode& each : node->children) {
      ObjectReader object(each);
      if (!object.is_good_) return fail();
      read(object, into.emplace_back());
      if (!object.is_good_) return fail();
    }
  }
  [[nodiscard]] bool is_good() const { return is_good_; }

 private:
  void fail() { is_good_ = false; }
  [[nodiscard]] const JsonNode* child(std::string_view key, JsonNode::Kind kind) const {
    const auto found = std::ranges::find(object_.children, key, &JsonNode::key);
    return found == object_.children.end() || found->kind != kind ? nullptr : &*found;
  }

  const JsonNode& object_;
  bool is_good_ = false;
};

void read_blas(ObjectReader& object, BlasFindings& blas) {
  object.text("path", blas.path);
  object.text("prefix", blas.prefix);
  object.text("suffix", blas.suffix);
  object.flag("was_asked", blas.was_asked);
  object.text("openblas", blas.openblas);
  object.text("build", blas.build);
  object.number("integer_bits", blas.integer_bits);
  object.flag("applies", blas.applies);
  object.number("limit", blas.limit);
  object.text("reason", blas.reason);
  object.text("message", blas.message);
  object.text("table", blas.table);
  object.number("curves", blas.curves);
}

void read_caller(ObjectReader& object, CallerFindings& caller) {
  object.text("path", caller.path);
  object.text("blas", caller.blas);
  object.number("multiplies", caller.multiplies);
  object.number("others", caller.others);
}

}  // namespace

std::string findings_line(const ProcessFindings& findings) {
  std::string line;
  {
    ObjectWriter object(line);
    object.number("process", findings.process);
    object.number("parent", findings.parent);
    object.number("began", findings.began);
    object.flag("forked", findings.forked);
    object.flag("ended", findings.ended);
    object.flag("disabled", findings.disabled);
    object.text("program", findings.program);
    object.list("blas", findings.blas, max_blas, write_blas);
    object.list("callers", findings.callers, max_callers, write_caller);
  }
  return line += '\n';
}

Result<ProcessFindings> parse_findings_line(std::string_view line) {
  const Error bad{ErrorKind::invalid_data, "what a process told of itself is damaged", ""};
  if (line.size() > max_findings_line) return bad;
  const Result<JsonNode> tree = parse_json_tree(line, "findings");
  if (!tree) return bad;
  ProcessFindings findings;
  ObjectReader object(*tree);
  object.number("process", findings.process);
  object.number("parent", findings.parent);
  object.number("began", findings.began);
  object.flag("forked", findings.forked);
  object.flag("ended", findings.ended);
  object.flag("disabled", findings.disabled);
  object.text("program", findings.program);
  object.list("blas", findings.blas, max_blas, read_blas);
  object.list("callers", findings.callers, max_callers, read_caller);
  if (!object.is_good()) return bad;
  return findings;
}

}  // namespace blastune
