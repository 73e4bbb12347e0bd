// SPDX-License-Identifier: BSD-3-Clause
//
// The words that a worker and its client exchange: text lines, one a message, to values and back. Pure.
//
// Each side distrusts the other: lines are bounded, fields are counted, every number is in its range, and
// anything else is an Error of kind invalid_data. A worker says one hello (or why it refuses) and then one
// answer to each request, in the order asked.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/result.h"
#include "model/build.h"
#include "model/burst.h"

namespace blastune {

inline constexpr int worker_protocol_version = 1;
// Without the line's end.
inline constexpr std::size_t max_request_line = 256;
inline constexpr std::size_t max_answer_line = std::size_t{64} * 1024;
// More than any machine's count; a request above it is a mistake.
inline constexpr int max_burst_threads = 65536;

// Sizes, threads and numbers of calls in range; a usage error names what is not.
Result<void> check_request(const BurstRequest& request);

struct WorkerRequest {
  std::uint64_t number = 0;  // the client counts them; the answer repeats it
  BurstRequest burst;

  bool operator==(const WorkerRequest&) const = default;
};

struct WorkerHello {
  Build build;
  int default_threads = 1;                 // the library's own count when nobody says anything
  CountSetter setter = CountSetter::none;  // seen to work in this process; none: every call has the default
};

struct WorkerAnswer {
  std::uint64_t number = 0;
  std::optional<BurstResult> result;  // nothing: this burst failed, for this reason
  std::string reason;

  bool operator==(const WorkerAnswer&) const = default;
};

// All without the line's end. The encoders' input must be valid; texts of any content are escaped, and cut
// where the line would become too long.
[[nodiscard]] std::string encode(const WorkerRequest& request);
[[nodiscard]] std::string encode(const WorkerHello& hello);
[[nodiscard]] std::string encode_refusal(const Error& error);
[[nodiscard]] std::string encode(const WorkerAnswer& answer);

Result<WorkerRequest> decode_request(std::string_view line);
// An Error of the worker's own (a refusal) comes back as that Error.
Result<WorkerHello> decode_hello(std::string_view line);
// Also checked against what was asked: the number, the count of calls, and times that fit into the burst.
Result<WorkerAnswer> decode_answer(std::string_view line, const WorkerRequest& asked);

// Cuts a stream of bytes into lines, each at most as long as it is told.
class LineSplitter {
 public:
  explicit LineSplitter(std::size_t longest) : longest_(longest) {}

  void add(std::string_view bytes) { pending_.append(bytes); }
  // The next whole line without its end; nothing when more bytes are needed. An Error (invalid_data) when
  // a line is too long, after which the stream is of no use.
  Result<std::optional<std::string>> next();
  // Bytes that no line has taken yet.
  [[nodiscard]] std::size_t pending() const { return pending_.size() - start_; }

 private:
  std::size_t longest_;
  std::string pending_;
  std::size_t start_ = 0;  // of the bytes not yet taken
};

}  // namespace blastune
