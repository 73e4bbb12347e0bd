// SPDX-License-Identifier: BSD-3-Clause
//
// From values to lines. A reply that is too long is written again with tighter limits for texts and lists;
// the tightest always fit.
#include <algorithm>
#include <array>
#include <cmath>
#include <nlohmann/json.hpp>

#include "control/control_message.h"
#include "control/status_fields.h"

namespace blastune {
namespace {

using Json = nlohmann::ordered_json;

struct Limits {
  std::size_t text;  // bytes
  std::size_t list;  // entries
};
// A byte becomes six at most (\u001f). With the last: 16 builds of 20 texts, 64 texts elsewhere, 64 bytes
// each.
constexpr std::array<Limits, 3> limits_to_try = {Limits{1024, 64}, {256, 32}, {64, 16}};
constexpr double largest_number = 1e15;

std::string dump(const Json& json) {
  return json.dump(-1, ' ', false, Json::error_handler_t::replace);
}

// Between two characters of UTF-8, where it is UTF-8.
std::string cut(const std::string& text, std::size_t longest) {
  if (text.size() <= longest) return text;
  std::size_t end = longest;
  while (end > 0 && longest - end < 3 && (static_cast<unsigned char>(text[end]) & 0xC0U) == 0x80U) --end;
  return text.substr(0, end);
}

class Writer {
 public:
  explicit Writer(const Limits& limits) : limits_(limits) {}

  void operator()(const char* key, const std::string& text) { json_[key] = cut(text, limits_.text); }
  void operator()(const char* key, bool value) { json_[key] = value; }
  void operator()(const char* key, std::int64_t number) { json_[key] = std::max<std::int64_t>(number, 0); }
  void operator()(const char* key, double number) {
    json_[key] = std::isnan(number) ? 0.0 : std::clamp(number, 0.0, largest_number);
  }
  void operator()(const char* key, const std::optional<double>& number) {
    json_[key] = nullptr;
    if (number) (*this)(key, *number);
  }
  void operator()(const char* key, Activity value) { json_[key] = name(value); }
  void operator()(const char* key, WaitReason value) { json_[key] = name(value); }
  void operator()(const char* key, BuildState value) { json_[key] = name(value); }
  void operator()(const char* key, const SpentTime& spent) {
    Writer inner(limits_);
    visit_spent_time(inner, spent);
    json_[key] = inner.take();
  }
  void operator()(const char* key, const std::vector<std::string>& texts) {
    list(key, texts, [this](const std::string& text) { return Json(cut(text, limits_.text)); });
  }
  void operator()(const char* key, const std::vector<BuildStatus>& builds) {
    list(key, builds, [this](const BuildStatus& build) {
      Writer inner(limits_);
      visit_build_status(inner, build);
      return inner.take();
    });
  }
  void operator()(const char* key, const std::vector<UnusableStatus>& libraries) {
    list(key, libraries, [this](const UnusableStatus& library) {
      Writer inner(limits_);
      visit_unusable_library(inner, library);
      return inner.take();
    });
  }

  Json take() { return std::move(json_); }

 private:
  template <class Value, class ToJson>
  void list(const char* key, const std::vector<Value>& values, const ToJson& to_json) {
    Json array = Json::array();
    for (std::size_t i = 0; i < std::min(values.size(), limits_.list); ++i) {
      array.push_back(to_json(values[i]));
    }
    json_[key] = std::move(array);
  }

  const Limits& limits_;
  Json json_ = Json::object();
};

Json body(const DaemonStatus& status, const Limits& limits) {
  Writer writer(limits);
  visit_daemon_status(writer, status);
  return {{"schema", control_schema}, {"reply", "status"}, {"status", writer.take()}};
}

Json body(const Accepted& accepted, const Limits& limits) {
  return {{"schema", control_schema}, {"reply", "accepted"}, {"message", cut(accepted.message, limits.text)}};
}

Json body(const Refusal& refusal, const Limits& limits) {
  return {{"schema", control_schema},
          {"reply", "refused"},
          {"refused", name(refusal.kind)},
          {"message", cut(refusal.message, limits.text)}};
}

}  // namespace

std::string encode(ControlRequest request) {
  return dump({{"schema", control_schema}, {"request", name(request)}});
}

std::string encode(const ControlReply& reply) {
  std::string line;
  for (const Limits& limits : limits_to_try) {
    line = dump(std::visit([&](const auto& kind) { return body(kind, limits); }, reply));
    if (line.size() <= max_control_reply) break;
  }
  return line;
}

}  // namespace blastune
