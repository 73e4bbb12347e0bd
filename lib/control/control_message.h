// SPDX-License-Identifier: BSD-3-Clause
//
// What a client and the daemon say to each other over the control socket: a connection is one request and one
// reply, each one line of JSON, then it ends. Pure, any thread, never throws.
//
//   {"schema":1,"request":"status"}                 or "measure", "reload"
//   {"schema":1,"reply":"status","status":{...}}    the members of DaemonStatus by their names
//   {"schema":1,"reply":"accepted","message":"..."}
//   {"schema":1,"reply":"refused","refused":"forbidden","message":"..."}
//
// Each side distrusts the other: lines are bounded, every value has its type and range, no key comes twice.
// Within one schema a reply may gain keys, which older clients pass over; a request may not.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <variant>

#include "base/result.h"
#include "control/daemon_status.h"

namespace blastune {

inline constexpr int control_schema = 1;
// Without the line's end.
inline constexpr std::size_t max_control_request = 4096;
inline constexpr std::size_t max_control_reply = std::size_t{256} * 1024;

enum class ControlRequest : std::uint8_t {
  status,   // anyone may ask
  measure,  // now, not when the next check is due; root and group blastune, now and then
  reload,   // the configuration; root and group blastune
};

enum class RefusalKind : std::uint8_t {
  bad_request,   // not understood
  too_long,      // more than max_control_request bytes
  too_slow,      // no whole line in time
  forbidden,     // not from this user
  rate_limited,  // asked too often
  busy,          // too many clients at once
  failed,        // it could not be done, as with a configuration that is wrong
};

struct Accepted {
  std::string message;  // what follows now, for a person; may be empty

  bool operator==(const Accepted&) const = default;
};

struct Refusal {
  RefusalKind kind = RefusalKind::failed;
  std::string message;  // why, for a person

  bool operator==(const Refusal&) const = default;
};

using ControlReply = std::variant<DaemonStatus, Accepted, Refusal>;

// All without the line's end. What the encoders write, the decoders accept: numbers are brought into range,
// bytes that are not UTF-8 replaced, and long texts and lists cut where the line would become too long.
[[nodiscard]] std::string encode(ControlRequest request);
[[nodiscard]] std::string encode(const ControlReply& reply);

// Failures are invalid_data; the text says what is wrong and never repeats more than a few bytes of the line.
Result<ControlRequest> decode_control_request(std::string_view line);
Result<ControlReply> decode_control_reply(std::string_view line);

// "status", "measure", "reload".
[[nodiscard]] std::string_view name(ControlRequest request);
[[nodiscard]] std::optional<ControlRequest> control_request_from_name(std::string_view text);
// "bad_request", "too_long", ...
[[nodiscard]] std::string_view name(RefusalKind kind);
[[nodiscard]] std::optional<RefusalKind> refusal_kind_from_name(std::string_view text);

}  // namespace blastune
