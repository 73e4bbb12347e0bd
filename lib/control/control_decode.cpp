// SPDX-License-Identifier: BSD-3-Clause
//
// From lines to values, or to what is wrong with them.
#include <algorithm>
#include <array>
#include <limits>
#include <nlohmann/json.hpp>
#include <set>

#include "base/parse.h"
#include "control/control_message.h"
#include "control/enum_names.h"
#include "control/status_fields.h"

namespace blastune {
namespace {

using Json = nlohmann::json;

// In the order of their values.
constexpr std::array<std::string_view, 3> request_names = {"status", "measure", "reload"};
constexpr std::array<std::string_view, 7> refusal_names = {
    "bad_request", "too_long", "too_slow", "forbidden", "rate_limited", "busy", "failed"};
static_assert(request_names.size() == static_cast<std::size_t>(ControlRequest::reload) + 1);
static_assert(refusal_names.size() == static_cast<std::size_t>(RefusalKind::failed) + 1);

// A status needs 5; the rest is for keys of a newer daemon.
constexpr int max_depth = 16;
constexpr double largest_number = 1e15;

Error wrong(std::string what) {
  return Error{ErrorKind::invalid_data, std::move(what), {}};
}

// One object on one line.
Result<Json> parse_line(std::string_view line, std::size_t longest) {
  if (line.size() > longest) return wrong("more than " + std::to_string(longest) + " bytes");
  // The parser would take a NUL for the end, and what follows it for nothing.
  const auto is_control = [](char c) { return static_cast<unsigned char>(c) < 0x20; };
  if (std::ranges::any_of(line, is_control)) return wrong("a control character");
  std::vector<std::set<std::string>> keys;  // of the objects that are open
  std::string problem;
  const auto watch = [&](int depth, Json::parse_event_t event, Json& parsed) {
    if (event == Json::parse_event_t::object_start) keys.emplace_back();
    if (event == Json::parse_event_t::object_end && !keys.empty()) keys.pop_back();
    if (!problem.empty()) return true;
    if (depth > max_depth) problem = "nested too deep";
    if (event == Json::parse_event_t::key && !keys.empty()) {
      const auto& key = parsed.get_ref<const std::string&>();
      if (!keys.back().insert(key).second) problem = in_quotes(key) + " is given twice";
    }
    return true;
  };
  Json json = Json::parse(line.begin(), line.end(), watch, false);
  if (json.is_discarded()) return wrong("not JSON: " + in_quotes(line));
  if (!problem.empty()) return wrong(std::move(problem));
  if (!json.is_object()) return wrong("not a JSON object: " + in_quotes(line));
  return json;
}

// Reads members of one object; remembers the first that is not as it should be.
class Reader {
 public:
  explicit Reader(const Json& json, std::string& problem) : json_(json), problem_(problem) {}

  void operator()(const char* key, std::string& text) {
    const Json* json = find(key);
    if (json == nullptr) return;
    if (!json->is_string()) return complain(key);
    text = json->get_ref<const std::string&>();
  }
  void operator()(const char* key, bool& value) {
    const Json* json = find(key);
    if (json == nullptr) return;
    if (!json->is_boolean()) return complain(key);
    value = json->get<bool>();
  }
  void operator()(const char* key, std::int64_t& number) {
    const Json* json = find(key);
    if (json == nullptr) return;
    // What is not negative is unsigned.
    constexpr auto largest = static_cast<std::uint64_t>(std::numeric_limits<std::int64_t>::max());
    if (!json->is_number_unsigned() || json->get<std::uint64_t>() > largest) return complain(key);
    number = json->get<std::int64_t>();
  }
  void operator()(const char* key, double& number) {
    const Json* json = find(key);
    if (json == nullptr) return;
    const double value = json->is_number() ? json->get<double>() : -1;
    if (!(value >= 0 && value <= largest_number)) return complain(key);
    number = value;
  }
  void operator()(const char* key, std::optional<double>& number) {
    const Json* json = find(key);
    if (json == nullptr || json->is_null()) return;
    number = 0;
    (*this)(key, *number);
  }
  void operator()(const char* key, Activity& value) { one_of(key, value, activity_from_name); }
  void operator()(const char* key, WaitReason& value) { one_of(key, value, wait_reason_from_name); }
  void operator()(const char* key, BuildState& value) { one_of(key, value, build_state_from_name); }
  void operator()(const char* key, RefusalKind& value) { one_of(key, value, refusal_kind_from_name); }
  void operator()(const char* key, SpentTime& spent) {
    const Json* json = find(key);
    if (json == nullptr) return;
    if (!json->is_object()) return complain(key);
    Reader inner(*json, problem_);
    visit_spent_time(inner, spent);
  }
  void operator()(const char* key, std::vector<std::string>& texts) {
    list(key, [&](const Json& json) {
      if (!json.is_string()) return complain(key);
      texts.push_back(json.get_ref<const std::string&>());
    });
  }
  void operator()(const char* key, std::vector<BuildStatus>& builds) {
    list(key, [&](const Json& json) {
      if (!json.is_object()) return complain(key);
      Reader inner(json, problem_);
      visit_build_status(inner, builds.emplace_back());
    });
  }
  void operator()(const char* key, std::vector<UnusableStatus>& libraries) {
    list(key, [&](const Json& json) {
      if (!json.is_object()) return complain(key);
      Reader inner(json, problem_);
      visit_unusable_library(inner, libraries.emplace_back());
    });
  }

 private:
  // nullptr once something is wrong.
  const Json* find(const char* key) {
    if (!problem_.empty()) return nullptr;
    const auto found = json_.find(key);
    if (found != json_.end()) return &*found;
    problem_ = std::string("\"") + key + "\" is missing";
    return nullptr;
  }
  void complain(const char* key) {
    if (problem_.empty()) problem_ = std::string("\"") + key + "\" is not what it should be";
  }
  template <class Value, class FromName>
  void one_of(const char* key, Value& value, const FromName& from_name) {
    std::string text;
    (*this)(key, text);
    if (!problem_.empty()) return;
    const std::optional<Value> known = from_name(text);
    if (!known) return complain(key);
    value = *known;
  }
  template <class Take>
  void list(const char* key, const Take& take) {
    const Json* json = find(key);
    if (json == nullptr) return;
    if (!json->is_array()) return complain(key);
    for (const Json& entry : *json) {
      if (problem_.empty()) take(entry);
    }
  }

  const Json& json_;
  std::string& problem_;
};

Result<void> check_schema(const Json& json) {
  const auto schema = json.find("schema");
  if (schema == json.end()) return wrong("\"schema\" is missing");
  if (*schema == control_schema && schema->is_number_integer()) return {};
  return wrong("a schema other than " + std::to_string(control_schema));
}

}  // namespace

Result<ControlRequest> decode_control_request(std::string_view line) {
  auto json = parse_line(line, max_control_request);
  if (!json) return json.error();
  if (auto checked = check_schema(*json); !checked) return checked.error();
  for (const auto& [key, value] : json->items()) {
    if (key != "schema" && key != "request") return wrong("unknown key " + in_quotes(key));
  }
  std::string problem;
  std::string text;
  Reader reader(*json, problem);
  reader("request", text);
  if (!problem.empty()) return wrong(std::move(problem));
  const auto request = control_request_from_name(text);
  if (!request) return wrong("unknown request " + in_quotes(text));
  return *request;
}

Result<ControlReply> decode_control_reply(std::string_view line) {
  auto json = parse_line(line, max_control_reply);
  if (!json) return json.error();
  if (auto checked = check_schema(*json); !checked) return checked.error();
  std::string problem;
  std::string kind;
  ControlReply reply;
  Reader reader(*json, problem);
  reader("reply", kind);
  if (kind == "status") {
    const auto found = json->find("status");
    if (found == json->end() || !found->is_object()) return wrong("a reply without its \"status\"");
    Reader inner(*found, problem);
    visit_daemon_status(inner, reply.emplace<DaemonStatus>());
  } else if (kind == "accepted") {
    reader("message", reply.emplace<Accepted>().message);
  } else if (kind == "refused") {
    auto& refusal = reply.emplace<Refusal>();
    reader("refused", refusal.kind);
    reader("message", refusal.message);
  } else if (problem.empty()) {
    problem = "unknown reply " + in_quotes(kind);
  }
  if (!problem.empty()) return wrong(std::move(problem));
  return reply;
}

std::string_view name(ControlRequest request) {
  return name_in(request_names, request);
}
std::optional<ControlRequest> control_request_from_name(std::string_view text) {
  return find_in<ControlRequest>(request_names, text);
}

std::string_view name(RefusalKind kind) {
  return name_in(refusal_names, kind);
}
std::optional<RefusalKind> refusal_kind_from_name(std::string_view text) {
  return find_in<RefusalKind>(refusal_names, text);
}

}  // namespace blastune
