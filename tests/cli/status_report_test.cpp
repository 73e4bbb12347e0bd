// SPDX-License-Identifier: BSD-3-Clause
#include "cli/status_report.h"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "tests/control/sample_status.h"

namespace blastune {
namespace {

using Json = nlohmann::json;
using testing::RandomStatus;
using testing::sample_status;

TEST(StatusText, SaysWhatItDoesWhatItSpentAndWhatItKnows) {
  EXPECT_EQ(
      status_text(sample_status(), {}),
      "blastuned 0.1.0, process 812, running for 3 hours\n"
      "waits, since others use 1.8 of 2 processors; looks again in 5 seconds\n"
      "spent 12.5 s of processor time in the last hour, 95.2 s since its start; may spend 36.0 s an hour "
      "besides first runs\n"
      "measured in 120 slices, 3 of them disturbed and thrown away, 2 bursts lost\n"
      "table /var/cache/blastune/table.json, configuration /etc/blastune/blastune.json\n"
      "\n"
      "OpenBLAS 0.3.21 pthread (Zen), the default, measuring\n"
      "  /usr/lib/x86_64-linux-gnu/openblas-pthread/libblas.so.3\n"
      "  812 curves, 24 of 824 gemms still uncertain; measured on 4 occasions, last 3 hours ago, checked 4 "
      "minutes ago with 1 drifted; next check in 40 minutes\n");
}

TEST(StatusText, WarnsLast) {
  DaemonStatus status = sample_status();
  status.builds.clear();
  status.doing.clear();
  status.wait_seconds.reset();
  status.last_save_error = "No space left on device";
  status.config_warnings = {"blastune.json:3: unknown key \"x\""};
  status.unusable.push_back({"libblas.so", "is not OpenBLAS"});
  const std::string text = status_text(status, {});
  EXPECT_NE(text.find("\nwaiting: others busy\n"), text.npos) << text;
  EXPECT_TRUE(
      text.ends_with("\n\nwarning: the table could not be saved: No space left on device\n"
                     "warning: blastune.json:3: unknown key \"x\"\n"
                     "warning: libblas.so cannot be tuned: is not OpenBLAS\n"))
      << text;
}

TEST(StatusText, SaysNeverForWhatNeverWas) {
  DaemonStatus status = sample_status();
  status.spent = {};
  status.builds[0] = {};
  status.builds[0].settled = 5;  // more than there are
  const std::string text = status_text(status, {});
  EXPECT_NE(text.find("spent 0 s of processor time"), text.npos) << text;
  EXPECT_NE(text.find("0 curves, 0 of 0 gemms still uncertain; measured never, checked never\n"), text.npos)
      << text;
}

TEST(StatusText, LetsNothingThroughToTheTerminal) {
  RandomStatus random(3);
  for (int i = 0; i < 500; ++i) {
    const DaemonStatus status = random.next();
    for (const auto& text : {status_text(status, {}), change_text(status) + "\n"}) {
      for (const char byte : text) ASSERT_TRUE(byte == '\n' || (byte >= ' ' && byte <= '~')) << text;
    }
    const Json json = Json::parse(status_json(status));
    EXPECT_EQ(json["daemon"]["doing"], status.doing);
    EXPECT_EQ(json["daemon"]["builds"].size(), status.builds.size());
  }
}

TEST(StatusChange, IsAnotherActivityOrState) {
  const DaemonStatus before = sample_status();
  EXPECT_EQ(change_text(before), "waits, since others use 1.8 of 2 processors; 1 build, 24 gemms uncertain");
  DaemonStatus figures = before;
  figures.now_unix += 1;
  figures.spent.last_hour += 1;
  figures.doing = "waits, since others use 1.7 of 2 processors";
  figures.builds[0].settled += 1;
  EXPECT_EQ(change_key(figures), change_key(before));
  const auto changed = [&](auto change) {
    DaemonStatus after = before;
    change(after);
    return change_key(after) != change_key(before);
  };
  EXPECT_TRUE(changed([](DaemonStatus& status) { status.activity = Activity::measuring; }));
  EXPECT_TRUE(changed([](DaemonStatus& status) { status.wait_reason = WaitReason::steal; }));
  EXPECT_TRUE(changed([](DaemonStatus& status) { status.builds[0].state = BuildState::settled; }));
  EXPECT_TRUE(changed([](DaemonStatus& status) { status.builds.push_back({}); }));
  EXPECT_TRUE(changed([](DaemonStatus& status) { status.last_save_error = "disk full"; }));
  EXPECT_TRUE(changed([](DaemonStatus& status) { status.process_id = 1; }));
}

TEST(StatusJson, HasTheKeysOfTheSocketAndNoTables) {
  const Json json = Json::parse(status_json(sample_status()));
  EXPECT_EQ(json["schema"], 1);
  EXPECT_TRUE(json["tables"].is_null());
  EXPECT_EQ(json["daemon"]["activity"], "waiting");
  EXPECT_EQ(json["daemon"]["spent"]["allowed_per_hour"], 36);
  EXPECT_EQ(json["daemon"]["builds"][0]["next_check_seconds"], 2400);
}

}  // namespace
}  // namespace blastune
