// SPDX-License-Identifier: BSD-3-Clause
//
// The lines are words with one space between; texts are percent-escaped and marked with "=" so that an
// empty one is still a word.
//
//   hello 1 <version> <threading> <integer bits> <max threads> <default threads> <setter>
//           =<prefix> =<suffix> =<build-id> =<core> =<path> =<config>
//   refused 1 <kind> =<what> =<remedy>
//   burst <number> <dtype> <transposes> <m> <n> <k> <threads> <warm calls> <calls>
//   done <number> <wall> <cpu> <wait> <steal> <switches> <seconds>...
//   lost <number> =<reason>
#include "model/worker_protocol.h"

#include <array>
#include <charconv>
#include <cmath>
#include <limits>

namespace blastune {
namespace {

constexpr std::size_t longest_text = 3400;  // before escaping; six of them, all escaped, fit into a line
constexpr double longest_seconds = 1e7;     // four months; nothing waited for takes as long
constexpr std::string_view hex_digits = "0123456789abcdef";

constexpr std::array<std::pair<ErrorKind, std::string_view>, 7> kind_names = {{
    {ErrorKind::usage, "usage"},
    {ErrorKind::invalid_data, "invalid-data"},
    {ErrorKind::not_found, "not-found"},
    {ErrorKind::foreign, "foreign"},
    {ErrorKind::unavailable, "unavailable"},
    {ErrorKind::timed_out, "timed-out"},
    {ErrorKind::interrupted, "interrupted"},
}};

Error nonsense(std::string what) {
  return {ErrorKind::invalid_data, std::move(what), {}};
}

void add_word(std::string& line, std::string_view word) {
  if (!line.empty()) line += ' ';
  line += word;
}

template <class Number>
void add_number(std::string& line, Number value) {
  std::array<char, 32> digits{};  // enough for any 64-bit integer and for the shortest form of any double
  const auto [end, problem] = std::to_chars(digits.data(), digits.data() + digits.size(), value);
  add_word(line, problem == std::errc{} ? std::string_view(digits.data(), end) : std::string_view("0"));
}

void add_text(std::string& line, std::string_view text) {
  line += " =";
  for (const char c : text.substr(0, longest_text)) {
    if (c > ' ' && c <= '~' && c != '%') {
      line += c;
      continue;
    }
    const auto byte = static_cast<unsigned char>(c);
    line += '%';
    line += hex_digits[byte >> 4U];
    line += hex_digits[byte & 15U];
  }
}

// Takes a line apart word by word. The first failure stays; done() reports it or words left over.
class Words {
 public:
  explicit Words(std::string_view line) : rest_(line), more_(!line.empty()) {}

  std::string_view word() {
    if (!more_) {
      fail("ends too early");
      return {};
    }
    const std::size_t space = rest_.find(' ');
    const std::string_view word = rest_.substr(0, space);
    more_ = space != std::string_view::npos;
    rest_.remove_prefix(more_ ? space + 1 : rest_.size());
    if (word.empty()) fail("has an empty word");
    return word;
  }

  template <class Integer>
  Integer integer(Integer least, Integer most) {
    const std::string_view text = word();
    Integer value{};
    const auto [end, problem] = std::from_chars(text.data(), text.data() + text.size(), value);
    if (problem != std::errc{} || end != text.data() + text.size() || value < least || value > most) {
      fail("has a number out of range");
      return least;
    }
    return value;
  }

  double seconds(bool zero_allowed) {
    const std::string_view text = word();
    double value = 0;
    const auto [end, problem] = std::from_chars(text.data(), text.data() + text.size(), value);
    // Written so that NaN fails too.
    const bool in_range = (zero_allowed ? value >= 0 : value > 0) && value <= longest_seconds;
    if (problem != std::errc{} || end != text.data() + text.size() || !in_range) {
      fail("has a time out of range");
      return 0;
    }
    return value;
  }

  std::string text() {
    const std::string_view escaped = word();
    std::string plain;
    if (!escaped.starts_with('=')) {
      fail("lacks a text");
      return plain;
    }
    for (std::size_t i = 1; i < escaped.size(); ++i) {
      const char c = escaped[i];
      if (c == '%') {
        unsigned value = 0;
        const std::string_view digits = escaped.substr(i + 1, 2);
        const auto [end, problem] = std::from_chars(digits.data(), digits.data() + digits.size(), value, 16);
        if (digits.size() != 2 || problem != std::errc{} || end != digits.data() + 2) {
          fail("has a broken text");
          return {};
        }
        plain += static_cast<char>(static_cast<unsigned char>(value));
        i += 2;
      } else if (c > ' ' && c <= '~') {
        plain += c;
      } else {
        fail("has a broken text");
        return {};
      }
    }
    if (plain.size() > longest_text) fail("has too long a text");
    return plain;
  }

  template <class Value>
  Value known(std::optional<Value> value) {
    if (!value) fail("has an unknown word");
    return value.value_or(Value{});
  }

  void fail(std::string_view how) {
    if (problem_.empty()) problem_ = how;
  }
  [[nodiscard]] bool failed() const { return !problem_.empty(); }

  Result<void> done() {
    if (more_) fail("goes on too long");
    if (failed()) return nonsense("a line " + problem_);
    return {};
  }

 private:
  std::string_view rest_;
  bool more_;
  std::string problem_;
};

bool set_transposes_of(Gemm& gemm, std::string_view letters) {
  return set_transposes(gemm, letters).ok();
}

Result<void> check_range(std::string_view what, int value, int least, int most) {
  if (value >= least && value <= most) return {};
  return Error{ErrorKind::usage,
               "a burst of " + std::to_string(value) + ' ' + std::string(what) + " cannot be measured",
               "use " + std::to_string(least) + " to " + std::to_string(most)};
}

}  // namespace

Result<void> check_request(const BurstRequest& request) {
  if (Result<void> checked = check_dimensions(request.gemm); !checked) return checked;
  if (Result<void> checked = check_range("threads", request.threads, 1, max_burst_threads); !checked)
    return checked;
  if (Result<void> checked = check_range("warm calls", request.warm_calls, 0, max_burst_calls); !checked)
    return checked;
  return check_range("calls", request.calls, 1, max_burst_calls);
}

std::string encode(const WorkerRequest& request) {
  const BurstRequest& burst = request.burst;
  std::string line = "burst";
  add_number(line, request.number);
  add_word(line, name(burst.gemm.dtype));
  add_word(line, transpose_letters(burst.gemm));
  add_number(line, burst.gemm.m);
  add_number(line, burst.gemm.n);
  add_number(line, burst.gemm.k);
  add_number(line, burst.threads);
  add_number(line, burst.warm_calls);
  add_number(line, burst.calls);
  return line;
}

Result<WorkerRequest> decode_request(std::string_view line) {
  if (line.size() > max_request_line) return nonsense("a request is too long");
  Words words(line);
  if (words.word() != "burst") words.fail("is no request");
  WorkerRequest request;
  request.number = words.integer<std::uint64_t>(0, std::numeric_limits<std::uint64_t>::max());
  Gemm& gemm = request.burst.gemm;
  gemm.dtype = words.known(dtype_from_name(words.word()));
  if (!set_transposes_of(gemm, words.word())) words.fail("has unknown transposes");
  gemm.m = words.integer<std::int64_t>(1, max_dimension);
  gemm.n = words.integer<std::int64_t>(1, max_dimension);
  gemm.k = words.integer<std::int64_t>(1, max_dimension);
  request.burst.threads = words.integer(1, max_burst_threads);
  request.burst.warm_calls = words.integer(0, max_burst_calls);
  request.burst.calls = words.integer(1, max_burst_calls);
  if (Result<void> done = words.done(); !done) return done.error();
  return request;
}

std::string encode(const WorkerHello& hello) {
  const Build& build = hello.build;
  std::string line = "hello";
  add_number(line, worker_protocol_version);
  add_word(line, to_string(build.version));
  add_word(line, name(build.threading));
  add_number(line, build.integer_bits);
  add_number(line, build.max_threads);
  add_number(line, hello.default_threads);
  add_word(line, name(hello.setter));
  for (const std::string* text :
       {&build.prefix, &build.suffix, &build.build_id, &build.core_name, &build.path, &build.config})
    add_text(line, *text);
  return line;
}

std::string encode_refusal(const Error& error) {
  std::string line = "refused";
  add_number(line, worker_protocol_version);
  std::string_view kind = "unavailable";
  for (const auto& [value, its_name] : kind_names) {
    if (value == error.kind) kind = its_name;
  }
  add_word(line, kind);
  add_text(line, error.what);
  add_text(line, error.remedy);
  return line;
}

Result<WorkerHello> decode_hello(std::string_view line) {
  if (line.size() > max_answer_line) return nonsense("a hello is too long");
  Words words(line);
  const std::string_view first = words.word();
  if (first != "hello" && first != "refused") return nonsense("a line is no worker's hello");
  const int version = words.integer(1, std::numeric_limits<int>::max());
  if (!words.failed() && version != worker_protocol_version) {
    return Error{ErrorKind::invalid_data,
                 "the worker speaks version " + std::to_string(version) + " of the protocol, and " +
                     std::to_string(worker_protocol_version) + " is needed",
                 "install blastune and its worker from the same release"};
  }
  if (first == "refused") {
    Error error;
    std::optional<ErrorKind> kind;
    const std::string_view kind_name = words.word();
    for (const auto& [value, its_name] : kind_names) {
      if (its_name == kind_name) kind = value;
    }
    error.kind = words.known(kind);
    error.what = words.text();
    error.remedy = words.text();
    if (Result<void> done = words.done(); !done) return done.error();
    return error;
  }
  WorkerHello hello;
  Build& build = hello.build;
  build.version = words.known(version_from_text(words.word()));
  build.threading = words.known(threading_from_name(words.word()));
  build.integer_bits = words.integer(32, 64);
  if (build.integer_bits != 32 && build.integer_bits != 64) words.fail("has an unknown integer width");
  build.max_threads = words.integer(1, max_burst_threads);
  hello.default_threads = words.integer(1, max_burst_threads);
  hello.setter = words.known(count_setter_from_name(words.word()));
  for (std::string* text :
       {&build.prefix, &build.suffix, &build.build_id, &build.core_name, &build.path, &build.config})
    *text = words.text();
  if (Result<void> done = words.done(); !done) return done.error();
  return hello;
}

std::string encode(const WorkerAnswer& answer) {
  std::string line = answer.result ? "done" : "lost";
  add_number(line, answer.number);
  if (!answer.result) {
    add_text(line, answer.reason);
    return line;
  }
  const BurstContext& context = answer.result->context;
  add_number(line, context.wall_seconds);
  add_number(line, context.cpu_seconds);
  add_number(line, context.wait_seconds);
  add_number(line, context.steal_seconds);
  add_number(line, context.involuntary_switches);
  for (const double seconds : answer.result->seconds) add_number(line, seconds);
  return line;
}

Result<WorkerAnswer> decode_answer(std::string_view line, const WorkerRequest& asked) {
  if (line.size() > max_answer_line) return nonsense("an answer is too long");
  Words words(line);
  const std::string_view first = words.word();
  if (first != "done" && first != "lost") return nonsense("a line is no answer");
  WorkerAnswer answer;
  answer.number = words.integer<std::uint64_t>(0, std::numeric_limits<std::uint64_t>::max());
  if (answer.number != asked.number) words.fail("answers another request than the one whose turn it is");
  if (first == "lost") {
    answer.reason = words.text();
    if (Result<void> done = words.done(); !done) return done.error();
    return answer;
  }
  BurstResult result;
  BurstContext& context = result.context;
  context.wall_seconds = words.seconds(false);
  context.cpu_seconds = words.seconds(true);
  context.wait_seconds = words.seconds(true);
  context.steal_seconds = words.seconds(true);
  context.involuntary_switches = words.integer<std::int64_t>(0, std::numeric_limits<std::int64_t>::max());
  double sum = 0;
  for (int call = 0; call < asked.burst.calls && !words.failed(); ++call) {
    result.seconds.push_back(words.seconds(false));
    sum += result.seconds.back();
  }
  // Calls are part of the burst; a little more is the clock's grain.
  if (!words.failed() && sum > context.wall_seconds * 1.001 + 1e-6)
    words.fail("has calls that took longer than their burst");
  if (Result<void> done = words.done(); !done) return done.error();
  answer.result = std::move(result);
  return answer;
}

Result<std::optional<std::string>> LineSplitter::next() {
  const std::size_t end = pending_.find('\n', start_);
  const std::size_t length = (end == std::string::npos ? pending_.size() : end) - start_;
  if (length > longest_) {
    return Error{ErrorKind::invalid_data, "a line is longer than " + std::to_string(longest_) + " bytes", {}};
  }
  if (end == std::string::npos) {
    pending_.erase(0, start_);
    start_ = 0;
    return std::optional<std::string>();
  }
  std::string line = pending_.substr(start_, length);
  start_ = end + 1;
  return std::optional<std::string>(std::move(line));
}

}  // namespace blastune
