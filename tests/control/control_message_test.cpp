// SPDX-License-Identifier: BSD-3-Clause
#include "control/control_message.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <random>

#include "tests/control/sample_status.h"

namespace blastune {
namespace {

using testing::RandomStatus;
using testing::sample_status;

// The text with `from` replaced, which must be in it.
std::string with(std::string text, const std::string& from, const std::string& to) {
  const auto at = text.find(from);
  EXPECT_NE(at, text.npos) << from;
  return at == text.npos ? text : text.replace(at, from.size(), to);
}

TEST(ControlNames, ComeBackAsTheirValues) {
  for (int i = 0; i <= static_cast<int>(Activity::nothing_to_tune); ++i) {
    EXPECT_EQ(activity_from_name(name(static_cast<Activity>(i))), static_cast<Activity>(i));
  }
  for (int i = 0; i <= static_cast<int>(WaitReason::table_in_use); ++i) {
    EXPECT_EQ(wait_reason_from_name(name(static_cast<WaitReason>(i))), static_cast<WaitReason>(i));
  }
  for (int i = 0; i <= static_cast<int>(BuildState::unusable); ++i) {
    EXPECT_EQ(build_state_from_name(name(static_cast<BuildState>(i))), static_cast<BuildState>(i));
  }
  for (int i = 0; i <= static_cast<int>(RefusalKind::failed); ++i) {
    EXPECT_EQ(refusal_kind_from_name(name(static_cast<RefusalKind>(i))), static_cast<RefusalKind>(i));
  }
  EXPECT_EQ(name(WaitReason::cannot_write), "cannot_write");
  EXPECT_FALSE(activity_from_name(""));
  EXPECT_FALSE(wait_reason_from_name("None"));
}

TEST(ControlRequests, AreTheLinesOfTheManual) {
  EXPECT_EQ(encode(ControlRequest::measure), R"({"schema":1,"request":"measure"})");
  for (const auto request : {ControlRequest::status, ControlRequest::measure, ControlRequest::reload}) {
    const auto back = decode_control_request(encode(request));
    ASSERT_TRUE(back.ok());
    EXPECT_EQ(*back, request);
  }
  EXPECT_TRUE(decode_control_request(R"( { "request" : "reload", "schema" : 1 } )").ok());
}

TEST(ControlRequests, EverythingElseIsRefused) {
  const std::string deep = R"({"schema":1,"request":)" + std::string(4000, '[');
  const std::vector<std::string> wrong{"",
                                       " ",
                                       "status",
                                       "null",
                                       "[]",
                                       "{}",
                                       "1",
                                       "\"status\"",
                                       "{",
                                       R"({"schema":1})",
                                       R"({"request":"status"})",
                                       R"({"schema":2,"request":"status"})",
                                       R"({"schema":1.0,"request":"status"})",
                                       R"({"schema":"1","request":"status"})",
                                       R"({"schema":true,"request":"status"})",
                                       R"({"schema":1e999,"request":"status"})",
                                       R"({"schema":1,"request":"Status"})",
                                       R"({"schema":1,"request":"stop"})",
                                       R"({"schema":1,"request":1})",
                                       R"({"schema":1,"request":["status"]})",
                                       R"({"schema":1,"request":null})",
                                       R"({"schema":1,"request":"status","x":1})",
                                       R"({"schema":1,"request":"status","":{}})",
                                       R"({"schema":1,"request":"status","request":"measure"})",
                                       R"({"schema":1,"schema":1,"request":"status"})",
                                       R"({"schema":1,"request":"status"}{})",
                                       R"({"schema":1,"request":"status"} x)",
                                       R"({"schema":1,"request":"status",})",
                                       R"({"schema":1,/**/"request":"status"})",
                                       R"({'schema':1,'request':'status'})",
                                       "{\"schema\":1,\"request\":\"sta\xfftus\"}",
                                       "{\"schema\":1,\"request\":\"\xc0\xaf\"}",
                                       R"({"schema":1,"request":"\ud800"})",
                                       "{\"schema\":1,\n\"request\":\"status\"}",
                                       std::string(R"({"schema":1,"request":"status"})") + '\0' + "x",
                                       "GET / HTTP/1.1",
                                       deep,
                                       deep + std::string(60, ']'),
                                       R"({"schema":1,"request":"status")" + std::string(4096, ' ') + "}"};
  for (const auto& line : wrong) {
    const auto decoded = decode_control_request(line);
    ASSERT_FALSE(decoded.ok()) << line;
    EXPECT_EQ(decoded.error().kind, ErrorKind::invalid_data) << line;
    EXPECT_LT(decoded.error().what.size(), 200U) << line;
  }
  const std::string longest = R"({"schema":1,"request":"status")" + std::string(4096 - 31, ' ') + "}";
  ASSERT_EQ(longest.size(), max_control_request);
  EXPECT_TRUE(decode_control_request(longest).ok());
}

TEST(ControlReplies, ComeBackAsTheyWere) {
  RandomStatus random(1);
  for (int i = 0; i < 500; ++i) {
    const ControlReply reply = random.next();
    const std::string line = encode(reply);
    EXPECT_EQ(line.find('\n'), line.npos);
    const auto back = decode_control_reply(line);
    ASSERT_TRUE(back.ok()) << back.error().text() << '\n' << line;
    EXPECT_TRUE(*back == reply) << line;
    EXPECT_EQ(encode(*back), line);
  }
  for (const ControlReply& reply :
       {ControlReply(Accepted{}), ControlReply(Accepted{"soon\n"}),
        ControlReply(Refusal{RefusalKind::rate_limited, "\"later\""}), ControlReply(DaemonStatus{})}) {
    const auto back = decode_control_reply(encode(reply));
    ASSERT_TRUE(back.ok()) << back.error().text();
    EXPECT_TRUE(*back == reply);
  }
  EXPECT_EQ(encode(Refusal{RefusalKind::forbidden, "no"}),
            R"({"schema":1,"reply":"refused","refused":"forbidden","message":"no"})");
  EXPECT_EQ(encode(Accepted{"yes"}), R"({"schema":1,"reply":"accepted","message":"yes"})");
}

TEST(ControlReplies, WhateverIsWrittenCanBeRead) {
  DaemonStatus status = sample_status();
  status.slices = -5;
  status.now_unix = std::numeric_limits<std::int64_t>::min();
  status.spent.last_hour = std::nan("");
  status.spent.since_start = std::numeric_limits<double>::infinity();
  status.spent.cpu_share = -1;
  status.wait_seconds = -std::numeric_limits<double>::infinity();
  status.doing = "\xff\xfe";
  status.activity = static_cast<Activity>(99);
  const auto back = decode_control_reply(encode(status));
  ASSERT_TRUE(back.ok()) << back.error().text();
  const auto& read = std::get<DaemonStatus>(*back);
  EXPECT_EQ(read.slices, 0);
  EXPECT_EQ(read.now_unix, 0);
  EXPECT_EQ(read.spent.last_hour, 0);
  EXPECT_EQ(read.spent.cpu_share, 0);
  EXPECT_EQ(read.wait_seconds, 0);
  EXPECT_EQ(read.doing, "\uFFFD\uFFFD");
}

TEST(ControlReplies, StayBelowTheirLimitWhateverIsInThem) {
  const std::vector<std::string> fillings{"\x01", "x", "\u20ac", "\xff"};
  for (const std::string& filling : fillings) {
    std::string text;
    while (text.size() < 10'000) text += filling;
    DaemonStatus status = sample_status();
    status.doing = text;
    status.config_warnings.assign(500, text);
    status.config_files.assign(500, text);
    status.unusable.assign(500, {text, text});
    BuildStatus build = status.builds.front();
    build.description = build.build_id = build.path = build.reason = text;
    build.names.assign(300, text);
    status.builds.assign(300, build);
    const std::string line = encode(status);
    EXPECT_LE(line.size(), max_control_reply);
    const auto back = decode_control_reply(line);
    ASSERT_TRUE(back.ok()) << back.error().text();
    EXPECT_GE(std::get<DaemonStatus>(*back).builds.size(), 16U);
    EXPECT_LE(encode(Refusal{RefusalKind::failed, text}).size(), max_control_reply);
  }
  // Cut between characters.
  std::string euros;
  while (euros.size() < 2000) euros += "\u20ac";
  const auto back = decode_control_reply(encode(Accepted{euros}));
  ASSERT_TRUE(back.ok());
  EXPECT_EQ(std::get<Accepted>(*back).message, euros.substr(0, 1023));
}

TEST(ControlReplies, ANewerDaemonMayAddKeys) {
  const std::string line = encode(sample_status());
  for (const auto& newer : {with(line, "{\"schema\"", R"({"mood":{"a":[1,2]},"schema")"),
                            with(line, "\"cpu_share\"", R"("gpu_share":1e300,"cpu_share")"),
                            with(line, "\"is_default\"", R"("colour":null,"is_default")")}) {
    const auto back = decode_control_reply(newer);
    ASSERT_TRUE(back.ok()) << back.error().text();
    EXPECT_TRUE(std::get<DaemonStatus>(*back) == sample_status());
  }
}

TEST(ControlReplies, EveryMemberHasItsTypeAndRange) {
  const std::string line = encode(sample_status());
  struct Change {
    std::string from;
    std::string to;
  };
  const std::vector<Change> changes{
      {"\"schema\":1", "\"schema\":2"},
      {"\"schema\":1,", ""},
      {"\"reply\":\"status\"", "\"reply\":\"news\""},
      {"\"process_id\":812", "\"process_id\":-812"},
      {"\"process_id\":812", "\"process_id\":812.5"},
      {"\"process_id\":812", "\"process_id\":9223372036854775808"},
      {"\"process_id\":812", "\"process_id\":1e400"},
      {"\"process_id\":812", "\"process_id\":\"812\""},
      {"\"process_id\":812", "\"process_id\":null"},
      {"\"process_id\":812,", ""},
      {"\"process_id\":812", "\"process_id\":812,\"process_id\":812"},
      {"\"waiting\"", "\"sleeping\""},
      {"\"waiting\"", "4"},
      {"\"wait_seconds\":5.0", "\"wait_seconds\":-1"},
      {"\"wait_seconds\":5.0", "\"wait_seconds\":1e16"},
      {"\"wait_seconds\":5.0,", ""},
      {"\"is_default\":true", "\"is_default\":1"},
      {"\"names\":[]", "\"names\":{}"},
      {"\"names\":[]", "\"names\":[1]"},
      {"\"unusable\":[]", "\"unusable\":[[]]"},
      {"\"unusable\":[]", "\"unusable\":[{\"name\":\"a\"}]"},
      {"\"drifted_last_check\":1,", ""},
      {"\"spent\":{", "\"spent\":[],\"other\":{"},
      {"\"status\":{", "\"other\":{"},
      {"\"names\":[]", "\"more\":" + std::string(20, '[') + std::string(20, ']') + ",\"names\":[]"},
  };
  for (const auto& change : changes) {
    const auto back = decode_control_reply(with(line, change.from, change.to));
    ASSERT_FALSE(back.ok()) << change.to;
    EXPECT_EQ(back.error().kind, ErrorKind::invalid_data);
  }
  const std::string deep = std::string(130'000, '[') + std::string(130'000, ']');
  EXPECT_FALSE(decode_control_reply(with(line, "\"names\":[]", "\"more\":" + deep)).ok());
  EXPECT_FALSE(decode_control_reply(std::string(max_control_reply, '[')).ok());
  EXPECT_FALSE(decode_control_reply(line + std::string(max_control_reply, ' ')).ok());
}

TEST(ControlReplies, CutShortTheyAreNothing) {
  for (const auto& line : {encode(sample_status()), encode(Refusal{RefusalKind::busy, "come back"}),
                           encode(ControlRequest::status)}) {
    for (std::size_t length = 0; length < line.size(); ++length) {
      EXPECT_FALSE(decode_control_reply(line.substr(0, length)).ok()) << length;
      EXPECT_FALSE(decode_control_request(line.substr(0, length)).ok()) << length;
    }
  }
}

TEST(ControlReplies, SurviveDamageAndGarbage) {
  std::mt19937 random(2);
  const std::string line = encode(sample_status());
  for (int i = 0; i < 5000; ++i) {
    std::string damaged = line;
    for (auto left = 1 + random() % 3; left > 0; --left) {
      damaged[random() % damaged.size()] = static_cast<char>(random());
    }
    const auto back = decode_control_reply(damaged);
    // What is still understood can be said again.
    EXPECT_TRUE(!back.ok() || decode_control_reply(encode(*back)).ok());
    std::string garbage(random() % 200, ' ');
    for (char& byte : garbage) byte = static_cast<char>(random());
    EXPECT_FALSE(decode_control_reply(garbage).ok());
    EXPECT_FALSE(decode_control_request(garbage).ok());
  }
}

}  // namespace
}  // namespace blastune
