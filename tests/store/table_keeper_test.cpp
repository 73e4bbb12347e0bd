// SPDX-License-Identifier: BSD-3-Clause
#include "store/table_keeper.h"

#include <gtest/gtest.h>

#include <cerrno>
#include <filesystem>

#include "store/table_file.h"
#include "store/table_limits.h"
#include "tests/base/faulty_file_system.h"
#include "tests/base/temporary_directory.h"
#include "tests/store/sample_tables.h"

namespace blastune {
namespace {

using Damaged = TableKeeper::Damaged;

class TableKeeperTest : public testing::Test {
 protected:
  static Table marked(Threading threading, int default_threads) {
    Table table = sample_table(threading);
    table.default_threads = default_threads;
    return table;
  }
  static int mark(const Result<Tables>& tables, Threading threading) {
    if (!tables) return -1;
    const Table own = sample_table(threading);
    const Table* table = find_table(*tables, own.machine, own.build);
    return table == nullptr ? 0 : table->default_threads;
  }

  RealFileSystem files_;
  TemporaryDirectory directory_;
  std::string path_ = directory_.path("table.json");
};

TEST_F(TableKeeperTest, KeepsAndKnows) {
  const Table own = sample_table(Threading::pthread);
  {
    auto keeper = TableKeeper::open(files_, directory_.path("new/table.json"), Damaged::set_aside);
    ASSERT_TRUE(keeper) << keeper.error().text();
    EXPECT_EQ(keeper->note(), "");
    EXPECT_TRUE(keeper->tables().empty());
    const Table nothing = keeper->known(own.machine, own.build);
    EXPECT_EQ(nothing.machine, own.machine);
    EXPECT_EQ(nothing.build, own.build);
    EXPECT_TRUE(nothing.curves.empty());
    ASSERT_TRUE(keeper->keep(own));
    EXPECT_EQ(keeper->known(own.machine, own.build), own);
  }
  auto keeper = TableKeeper::open(files_, directory_.path("new/table.json"), Damaged::refuse);
  ASSERT_TRUE(keeper);
  EXPECT_EQ(keeper->known(own.machine, own.build).curves.size(), own.curves.size());
  EXPECT_EQ(keeper->known(own.machine, own.build).checked_unix, own.checked_unix);
}

TEST_F(TableKeeperTest, SeveralTablesAreKeptInOneStep) {
  ASSERT_TRUE(save_tables(files_, path_, {marked(Threading::pthread, 3), marked(Threading::serial, 1)}));
  const Tables changed{marked(Threading::pthread, 4), marked(Threading::openmp, 4)};
  for (std::size_t step = 0;; ++step) {
    FaultyFileSystem files;
    auto keeper = TableKeeper::open(files, path_, Damaged::set_aside);
    ASSERT_TRUE(keeper);
    files.fail_at = files.steps().size() + step;
    files.error_number = ENOSPC;
    files.most_bytes = 900;
    const auto kept = keeper->keep(changed);
    const auto now = load_tables(files_, path_);
    ASSERT_TRUE(now) << step;
    EXPECT_EQ(mark(now, Threading::serial), 1);
    const int pthread = mark(now, Threading::pthread);
    EXPECT_EQ(mark(now, Threading::openmp), pthread == 4 ? 4 : 0);
    if (files.steps().size() <= files.fail_at) {
      EXPECT_TRUE(kept);
      EXPECT_EQ(pthread, 4);
      break;
    }
    ASSERT_TRUE(save_tables(files_, path_, {marked(Threading::pthread, 3), marked(Threading::serial, 1)}));
  }
}

TEST_F(TableKeeperTest, WhatIsDamagedIsToldOfAndSetAsideWhenThereIsSomethingToKeep) {
  directory_.write("table.json", "not a table");
  EXPECT_FALSE(TableKeeper::open(files_, path_, Damaged::refuse));
  auto keeper = TableKeeper::open(files_, path_, Damaged::set_aside);
  ASSERT_TRUE(keeper);
  EXPECT_NE(keeper->note().find("starting over"), std::string::npos);
  EXPECT_NE(keeper->note().find(path_ + ".damaged"), std::string::npos);
  EXPECT_EQ(directory_.read("table.json"), "not a table");
  ASSERT_TRUE(keeper->keep(marked(Threading::pthread, 5)));
  EXPECT_EQ(directory_.read("table.json.damaged"), "not a table");
  EXPECT_EQ(mark(load_tables(files_, path_), Threading::pthread), 5);
}

TEST_F(TableKeeperTest, WhatWasDamagedMayBeRemovedMeanwhile) {
  directory_.write("table.json", "not a table");
  auto keeper = TableKeeper::open(files_, path_, Damaged::set_aside);
  ASSERT_TRUE(keeper);
  std::filesystem::remove(path_);
  ASSERT_TRUE(keeper->keep(marked(Threading::pthread, 5)));
  EXPECT_EQ(mark(load_tables(files_, path_), Threading::pthread), 5);
  EXPECT_FALSE(std::filesystem::exists(path_ + ".damaged"));
}

TEST_F(TableKeeperTest, ALockThatIsLostIsTakenAgain) {
  const std::string path = directory_.path("cache/table.json");
  auto keeper = TableKeeper::open(files_, path, Damaged::set_aside);
  ASSERT_TRUE(keeper);
  ASSERT_TRUE(keeper->keep(marked(Threading::pthread, 5)));
  std::filesystem::remove_all(directory_.path("cache"));
  {
    auto other = TableKeeper::open(files_, path, Damaged::set_aside);
    ASSERT_TRUE(other);
    ASSERT_TRUE(other->keep(marked(Threading::serial, 1)));
    const auto refused = keeper->keep(marked(Threading::pthread, 6));
    ASSERT_FALSE(refused) << "two would write over each other";
    EXPECT_NE(refused.error().what.find("is being changed by"), std::string::npos);
  }
  ASSERT_TRUE(keeper->keep(marked(Threading::pthread, 7)));
  EXPECT_FALSE(TableKeeper::open(files_, path, Damaged::set_aside));
  const auto now = load_tables(files_, path);
  EXPECT_EQ(mark(now, Threading::pthread), 7);
  EXPECT_EQ(mark(now, Threading::serial), 1) << "what the other one wrote is there still";
}

TEST_F(TableKeeperTest, RemovesWhatWritersThatDiedLeftButNothingElse) {
  ASSERT_TRUE(save_tables(files_, path_, sample_tables()));
  directory_.write(".table.json.0123456789abcdef.tmp", "half a ta");
  directory_.write(".other.json.0123456789abcdef.tmp", "of another file");
  directory_.write(".table.json.swp", "of an editor");
  std::filesystem::create_directory(directory_.path(".table.json.fedcba9876543210.tmp"));
  {
    // Somebody else is writing, and the temporary may be theirs.
    const auto held = lock_tables(files_, path_);
    ASSERT_TRUE(held);
    EXPECT_FALSE(TableKeeper::open(files_, path_, Damaged::set_aside));
    EXPECT_TRUE(std::filesystem::exists(directory_.path(".table.json.0123456789abcdef.tmp")));
  }
  const auto keeper = TableKeeper::open(files_, path_, Damaged::set_aside);
  ASSERT_TRUE(keeper);
  EXPECT_FALSE(std::filesystem::exists(directory_.path(".table.json.0123456789abcdef.tmp")));
  for (const auto* name :
       {".other.json.0123456789abcdef.tmp", ".table.json.swp", ".table.json.fedcba9876543210.tmp"}) {
    EXPECT_TRUE(std::filesystem::exists(directory_.path(name))) << name;
  }
  EXPECT_EQ(keeper->tables().size(), 2U);
}

TEST_F(TableKeeperTest, ALeftoverThatCannotBeRemovedKeepsNobodyOut) {
  ASSERT_TRUE(save_tables(files_, path_, sample_tables()));
  for (std::size_t step = 0;; ++step) {
    directory_.write(".table.json.0123456789abcdef.tmp", "half a ta");
    FaultyFileSystem files;
    files.fail_at = step;
    const auto keeper = TableKeeper::open(files, path_, Damaged::set_aside);
    if (files.steps().size() <= step) break;
    if (files.steps()[step] == "list" || files.steps()[step] == "remove") {
      EXPECT_TRUE(keeper) << step;
    }
  }
}

TEST_F(TableKeeperTest, AFullFileLosesTheTableNobodyLookedAfterForLongest) {
  Tables all;
  for (int i = 0; i < static_cast<int>(table_limits::tables); ++i) {
    Table table = marked(Threading::pthread, i + 1);
    table.machine.processors = i + 1;
    table.measured_unix = 1000;
    table.checked_unix = i == 5 ? 1001 : 2000;
    all.push_back(table);
  }
  ASSERT_TRUE(save_tables(files_, path_, all));
  auto keeper = TableKeeper::open(files_, path_, Damaged::set_aside);
  ASSERT_TRUE(keeper);
  ASSERT_TRUE(keeper->keep(sample_table(Threading::openmp)));
  const auto now = load_tables(files_, path_);
  ASSERT_TRUE(now);
  EXPECT_EQ(now->size(), table_limits::tables);
  EXPECT_EQ(find_table(*now, all[5].machine, all[5].build), nullptr);
  EXPECT_NE(mark(now, Threading::openmp), 0);
}

}  // namespace
}  // namespace blastune
