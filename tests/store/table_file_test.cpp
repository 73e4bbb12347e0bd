// SPDX-License-Identifier: BSD-3-Clause
#include "store/table_file.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>
#include <filesystem>
#include <thread>

#include "store/table_json.h"
#include "tests/base/faulty_file_system.h"
#include "tests/base/temporary_directory.h"
#include "tests/store/sample_tables.h"

namespace blastune {
namespace {

class TableFileTest : public testing::Test {
 protected:
  static Tables tables_of(int default_threads) {
    auto tables = sample_tables();
    tables[0].default_threads = default_threads;
    return tables;
  }
  static int mark(const Result<Tables>& tables) { return tables ? tables->front().default_threads : -1; }

  RealFileSystem files_;
  TemporaryDirectory directory_;
};

TEST_F(TableFileTest, SavesAndLoads) {
  const auto path = directory_.path(".cache/blastune/table.json");
  ASSERT_TRUE(save_tables(files_, path, tables_of(3)));
  EXPECT_EQ(mark(load_tables(files_, path)), 3);
  ASSERT_TRUE(save_tables(files_, path, tables_of(4)));
  EXPECT_EQ(mark(load_tables(files_, path)), 4);
}

TEST_F(TableFileTest, NamesTheFileAndTheRemedy) {
  const auto absent = load_tables(files_, directory_.path("absent"));
  ASSERT_FALSE(absent);
  EXPECT_EQ(absent.error().kind, ErrorKind::not_found);
  EXPECT_NE(absent.error().remedy.find("blastune tune"), std::string::npos);
  const auto damaged = load_tables(files_, directory_.write("damaged", "{}"));
  ASSERT_FALSE(damaged);
  EXPECT_EQ(damaged.error().kind, ErrorKind::invalid_data);
  EXPECT_NE(damaged.error().what.find(directory_.path("damaged")), std::string::npos);
}

TEST_F(TableFileTest, KeepsTheOldTableWhenTheNewOneCannotBeWritten) {
  const auto path = directory_.path("table.json");
  ASSERT_TRUE(save_tables(files_, path, tables_of(3)));
  auto wrong = tables_of(4);
  wrong[0].curves[0].points[0].seconds = {};
  EXPECT_FALSE(save_tables(files_, path, wrong));
  EXPECT_EQ(mark(load_tables(files_, path)), 3);
}

TEST_F(TableFileTest, AFaultOrACrashAtAnyStepLeavesTheOldOrTheNewTable) {
  for (const bool crash : {false, true}) {
    for (std::size_t step = 0;; ++step) {
      const TemporaryDirectory directory;
      const auto path = directory.path("table.json");
      ASSERT_TRUE(save_tables(files_, path, tables_of(3)));
      FaultyFileSystem files;
      (crash ? files.crash_at : files.fail_at) = step;
      files.error_number = ENOSPC;
      files.most_bytes = 700;
      const auto saved = save_tables(files, path, tables_of(4));
      const int now = mark(load_tables(files_, path));
      EXPECT_TRUE(saved ? now == 4 : now == 3 || now == 4) << step;
      if (files.steps().size() <= step) {
        EXPECT_TRUE(saved);
        break;
      }
      EXPECT_TRUE(crash || directory.names().size() == 1) << files.steps()[step];
    }
  }
}

TEST_F(TableFileTest, AReaderBesideTwoWritersAlwaysSeesAWholeTable) {
  const auto path = directory_.path("table.json");
  ASSERT_TRUE(save_tables(files_, path, tables_of(1)));
  std::atomic<int> writing = 2;
  std::atomic<int> failures = 0;
  const auto write = [&](int first) {
    RealFileSystem files;
    for (int i = 0; i < 50; ++i) {
      if (!save_tables(files, path, tables_of(first + i))) ++failures;
    }
    --writing;
  };
  {
    const std::jthread one(write, 100);
    const std::jthread two(write, 1000);
    do {
      const auto tables = load_tables(files_, path);
      if (!tables || tables->size() != 2) ++failures;
    } while (writing > 0);
  }
  EXPECT_EQ(failures, 0);
  EXPECT_EQ(directory_.names().size(), 1U);
}

TEST_F(TableFileTest, TwoWritersUnderTheLockLoseNothing) {
  const auto path = directory_.path("new/table.json");
  const auto write = [&](DType dtype) {
    RealFileSystem files;
    for (std::int64_t m = 1; m <= 30;) {
      const auto lock = lock_tables(files, path);
      if (!lock) {
        std::this_thread::yield();
        continue;
      }
      auto tables = load_tables(files, path);
      Table table = sample_table(Threading::pthread);
      table.curves.clear();
      if (tables) {
        table = tables->front();
      } else {
        tables = Tables{};
      }
      table.add(sample_curve(dtype, Transpose::none, m, 1e-3));
      put_table(*tables, table);
      if (save_tables(files, path, *tables)) ++m;
    }
  };
  {
    const std::jthread one(write, DType::f32);
    const std::jthread two(write, DType::f64);
  }
  const auto tables = load_tables(files_, path);
  ASSERT_TRUE(tables);
  EXPECT_EQ(tables->front().curves.size(), 60U);
  EXPECT_TRUE(std::ranges::all_of(tables->front().curves,
                                  [](const Curve& c) { return c.points[0].seconds.count() == 4; }));
}

TEST_F(TableFileTest, FindsTheFirstTableForTheMachineAndBuild) {
  const Table mine = sample_table(Threading::pthread);
  Table elsewhere = mine;
  elsewhere.machine.processors = 96;
  const auto user = directory_.path("user.json");
  const auto system = directory_.path("system.json");
  const std::vector<std::string> paths{user, system};
  const auto find = [&] { return find_stored_table(files_, paths, mine.machine, mine.build); };

  EXPECT_EQ(find().error().kind, ErrorKind::not_found);
  EXPECT_NE(find().error().what.find(system), std::string::npos);
  ASSERT_TRUE(save_tables(files_, user, {}));
  EXPECT_EQ(find().error().kind, ErrorKind::not_found);
  ASSERT_TRUE(save_tables(files_, user, {elsewhere}));
  EXPECT_EQ(find().error().kind, ErrorKind::foreign);
  ASSERT_TRUE(save_tables(files_, system, {elsewhere, mine}));
  EXPECT_EQ(find()->path, system);
  directory_.write("user.json", "garbage");
  EXPECT_EQ(find()->path, system);
  ASSERT_TRUE(save_tables(files_, user, {mine}));
  EXPECT_EQ(find()->path, user);
  std::filesystem::remove(user);
  directory_.write("system.json", "garbage");
  EXPECT_EQ(find().error().kind, ErrorKind::invalid_data);
}

}  // namespace
}  // namespace blastune
