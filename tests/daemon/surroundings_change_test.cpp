// SPDX-License-Identifier: BSD-3-Clause
#include "daemon/surroundings_change.h"

#include <gtest/gtest.h>

namespace blastune {
namespace {

constexpr const char* governor_file = "/sys/devices/system/cpu/cpufreq/policy0/scaling_governor";

Surroundings usual() {
  Surroundings usual;
  usual.libraries["/lib/libopenblas.so.0"] = {"/lib/openblas-pthread/libopenblas.so", 1, 2, 3, 4};
  usual.loader_cache = {"/etc/ld.so.cache", 1, 5, 6, 7};
  usual.online = {0, 1, 2, 3};
  usual.affinity = {0, 1, 2, 3};
  usual.quota_cores = 2;
  usual.speed_settings[governor_file] = "powersave";
  usual.suspended_seconds = 100;
  return usual;
}

// Expects that one change, told like this.
void expect_only(const Surroundings& after, ChangeKind kind, const std::string& sentence) {
  const auto found = changes(usual(), after);
  ASSERT_EQ(found.size(), 1U) << sentence;
  EXPECT_EQ(found[0].kind, kind);
  EXPECT_EQ(found[0].sentence, sentence);
}

TEST(SurroundingsChange, NothingChanged) {
  EXPECT_TRUE(changes(usual(), usual()).empty());
  EXPECT_TRUE(changes({}, {}).empty());
}

TEST(SurroundingsChange, Libraries) {
  Surroundings after = usual();
  after.libraries["/lib/libopenblas.so.0"].target = "/lib/openblas-openmp/libopenblas.so";
  expect_only(after, ChangeKind::libraries,
              "/lib/libopenblas.so.0 leads to /lib/openblas-openmp/libopenblas.so now");
  after = usual();
  after.libraries["/opt/libopenblas.so"] = {};
  expect_only(after, ChangeKind::libraries, "/opt/libopenblas.so appeared");
  after = usual();
  after.libraries.erase("/lib/libopenblas.so.0");
  expect_only(after, ChangeKind::libraries, "/lib/libopenblas.so.0 went away");
  for (int what = 0; what < 4; ++what) {
    after = usual();
    FileTrace& trace = after.libraries["/lib/libopenblas.so.0"];
    if (what == 0) ++trace.device;
    if (what == 1) ++trace.inode;
    if (what == 2) ++trace.size;
    if (what == 3) ++trace.modified_ns;
    expect_only(after, ChangeKind::libraries, "/lib/libopenblas.so.0 was replaced");
  }
  after.libraries["/opt/libopenblas.so"] = {};
  expect_only(after, ChangeKind::libraries, "/lib/libopenblas.so.0 was replaced, and 1 more");
}

TEST(SurroundingsChange, TheLoadersCacheIsNoLibrary) {
  Surroundings after = usual();
  ++after.loader_cache->inode;
  expect_only(after, ChangeKind::loader, "the cache of the loader was written");
  after.loader_cache.reset();
  expect_only(after, ChangeKind::loader, "the cache of the loader was written");
}

TEST(SurroundingsChange, NamesOfFilesAreMadePrintable) {
  Surroundings after = usual();
  after.libraries["/opt/libopenblas\n\x1b[31m.so"] = {};
  const auto found = changes(usual(), after);
  ASSERT_EQ(found.size(), 1U);
  EXPECT_EQ(found[0].sentence.find_first_of("\n\x1b"), std::string::npos);
}

TEST(SurroundingsChange, Processors) {
  Surroundings after = usual();
  after.online = {0, 1};
  after.affinity = {0, 1};  // the kernel takes them out of it
  expect_only(after, ChangeKind::processors, "processors 2-3 went offline");
  const auto back = changes(after, usual());
  ASSERT_EQ(back.size(), 1U);
  EXPECT_EQ(back[0].kind, ChangeKind::processors);
  EXPECT_EQ(back[0].sentence, "processors 2-3 came online");
  after.online = {0, 1, 2, 9};
  after.affinity = after.online;
  expect_only(after, ChangeKind::processors, "processor 3 went offline, and 1 more");
}

TEST(SurroundingsChange, Limits) {
  Surroundings after = usual();
  after.affinity = {0, 2};
  expect_only(after, ChangeKind::limits, "this service may run on processors 0,2 now");
  after = usual();
  after.quota_cores = 1.5;
  expect_only(after, ChangeKind::limits, "the processor quota changed from 2.00 to 1.50");
  after.quota_cores = std::nullopt;
  expect_only(after, ChangeKind::limits, "the processor quota changed from 2.00 to none");
}

TEST(SurroundingsChange, Governor) {
  Surroundings after = usual();
  after.speed_settings[governor_file] = "performance";
  expect_only(after, ChangeKind::governor,
              std::string(governor_file) + " changed from powersave to performance");
  after.speed_settings.clear();  // with its processor
  EXPECT_TRUE(changes(usual(), after).empty());
  EXPECT_TRUE(changes(after, usual()).empty());
}

TEST(SurroundingsChange, OnlyASuspensionIsAResume) {
  Surroundings after = usual();
  after.suspended_seconds += 3600;
  expect_only(after, ChangeKind::resumed, "the machine was suspended for 3600 s");
  for (const double noise : {0.9, 0.001, -0.001, -50.0}) {
    after.suspended_seconds = usual().suspended_seconds + noise;
    EXPECT_TRUE(changes(usual(), after).empty()) << noise;
  }
}

TEST(SurroundingsChange, WhatIsAbsentHasNotChanged) {
  Surroundings after = usual();
  after.online.clear();
  EXPECT_TRUE(changes(usual(), after).empty());
  EXPECT_TRUE(changes(after, usual()).empty());
  after.affinity.clear();
  EXPECT_TRUE(changes(usual(), after).empty());
  EXPECT_TRUE(changes(after, usual()).empty());
}

TEST(SurroundingsChange, EachKindOnceInOrder) {
  Surroundings after;
  after.online = {7};
  after.affinity = {7};
  after.speed_settings[governor_file] = "ondemand";
  after.suspended_seconds = 1000;
  const auto found = changes(usual(), after);
  ASSERT_EQ(found.size(), 6U);
  for (std::size_t i = 0; i < found.size(); ++i) EXPECT_EQ(found[i].kind, static_cast<ChangeKind>(i));
}

}  // namespace
}  // namespace blastune
