// SPDX-License-Identifier: BSD-3-Clause
#include <gtest/gtest.h>

#include <filesystem>
#include <optional>
#include <string>

#include "base/file_system.h"
#include "client/present_load.h"
#include "load/load_page.h"
#include "present_load_case.h"

namespace blastune {
namespace {

// A service shows the same figures in a page.
class PresentLoadPageTest : public PresentLoadTest {
 protected:
  void SetUp() override {
    PresentLoadTest::SetUp();
    // Far ahead of the real clock, so that no look but the first is due by that.
    now_nanoseconds = 4'000'000'000'000'000'000;
    std::filesystem::create_directory(runtime());
    load_.emplace(edges_);
    load_->set_sides({});
    load_->set_machine(4, ProcessorSet::all());
  }
  [[nodiscard]] std::string runtime() const { return directory_.path("run"); }

  void serve() {
    auto made = LoadPageWriter::make(files_, runtime(), now_nanoseconds);
    ASSERT_TRUE(made.ok()) << made.error().text();
    page_.emplace(std::move(made).value());
    load_->find_page(runtime().c_str());
  }
  void show(int processors = 4) { page_->write(now_nanoseconds, {processors, busy_ + nice_, nice_}); }
  // What the kernel's file says does not count from here on.
  void hide_kernel() const { std::filesystem::remove(stat_); }

  RealFileSystem files_;
  std::optional<LoadPageWriter> page_;
  std::optional<PresentLoad> load_;
};

TEST_F(PresentLoadPageTest, IsLookedAtWhenItHasChangedAndNotElse) {
  serve();
  load_->look_if_due(monotonic_nanoseconds());
  hide_kernel();
  pass(0.1, 1, 3);
  hide_kernel();
  load_->look_if_due(monotonic_nanoseconds());
  EXPECT_EQ(load_->available(), 4);
  show();
  load_->look_if_due(monotonic_nanoseconds());
  EXPECT_EQ(load_->available(), 1);
  pass(0.1, 1, 0);
  hide_kernel();
  load_->look_if_due(monotonic_nanoseconds());
  EXPECT_EQ(load_->available(), 1);
  show();
  load_->look_if_due(monotonic_nanoseconds());
  EXPECT_EQ(load_->available(), 4);
}

TEST_F(PresentLoadPageTest, WithoutOneAllIsAsItWas) {
  load_->find_page(runtime().c_str());
  load_->find_page(directory_.path("nowhere").c_str());
  load_->look();
  pass(0.1, 1, 3);
  load_->look_at_page();
  EXPECT_EQ(load_->available(), 4);
  load_->look();
  EXPECT_EQ(load_->available(), 1);
}

TEST_F(PresentLoadPageTest, WhatWeUsedSinceItWasWrittenIsNotTakenForOthers) {
  serve();
  load_->look();
  pass(0.06, 3, 1);
  show();
  // Noticed a moment later, in which we went on.
  pass(0.019, 3, 1);
  load_->look_at_page();
  EXPECT_EQ(load_->available(), 3);
  pass(0.041, 2, 2);
  show();
  pass(0.019, 2, 2);
  load_->look_at_page();
  EXPECT_EQ(load_->available(), 2);
}

TEST_F(PresentLoadPageTest, OneThatWasNoticedLateOrSoonAfterALookIsNotUsed) {
  serve();
  load_->look();
  pass(0.1, 1, 3);
  show();
  pass(0.021, 1, 3);
  load_->look_at_page();
  EXPECT_EQ(load_->available(), 4) << "late";
  load_->look();
  EXPECT_EQ(load_->available(), 1);
  pass(0.04, 1, 0);
  show();
  load_->look_at_page();
  EXPECT_EQ(load_->available(), 1) << "too soon for the kernel's ticks";
  pass(0.06, 1, 0);
  show();
  load_->look_at_page();
  EXPECT_EQ(load_->available(), 4) << "what was too soon is not lost";
}

TEST_F(PresentLoadPageTest, OfOtherProcessorsItSaysNothing) {
  serve();
  load_->look();
  pass(0.1, 1, 3);
  show(8);
  load_->look_at_page();
  EXPECT_EQ(load_->available(), 4);
  const std::vector<int> two{0, 1};
  load_->set_machine(2, ProcessorSet::of(two));
  load_->look();
  pass(0.1, 0, 4);
  show();
  load_->look_at_page();
  EXPECT_EQ(load_->available(), 2) << "it is of all, not of where we may run";
  load_->look();
  EXPECT_EQ(load_->available(), 1);
}

TEST_F(PresentLoadPageTest, OnlyWhoLooksIsLed) {
  load_->set_sides({.looks = false, .feels = true});
  serve();
  load_->look();
  pass(0.1, 1, 3);
  show();
  load_->look_at_page();
  EXPECT_EQ(load_->available(), 4);
}

TEST_F(PresentLoadPageTest, AServiceThatEndsAndOneThatBegins) {
  serve();
  load_->look();
  page_.reset();
  load_->find_page(runtime().c_str());
  pass(0.1, 1, 3);
  load_->look_if_due(monotonic_nanoseconds());
  EXPECT_EQ(load_->available(), 4);
  load_->look();
  EXPECT_EQ(load_->available(), 1);
  pass(0.1, 1, 0);
  serve();
  show();
  load_->look_if_due(monotonic_nanoseconds());
  EXPECT_EQ(load_->available(), 4);
}

TEST_F(PresentLoadPageTest, AChildOfAForkKeepsIt) {
  serve();
  load_->look();
  pass(0.1, 1, 3);
  show();
  load_->look_if_due(monotonic_nanoseconds());
  EXPECT_EQ(load_->available(), 1);
  load_->forget();
  own_seconds = 0;
  show();
  load_->look_if_due(
      monotonic_nanoseconds());  // there is nothing yet to compare with, and the kernel is asked
  EXPECT_EQ(load_->available(), 4);
  pass(0.1, 2, 2);
  show();
  hide_kernel();
  load_->look_if_due(monotonic_nanoseconds());
  EXPECT_EQ(load_->available(), 2);
}

}  // namespace
}  // namespace blastune
