// SPDX-License-Identifier: BSD-3-Clause
#include "store/table_location.h"

#include <gtest/gtest.h>

#include <cstdlib>

namespace blastune {
namespace {

using Paths = std::vector<std::string>;

TEST(TableLocation, TheVariableStandsAlone) {
  const auto location = table_location({"/data/t.json", "/cache", "/home/u"});
  EXPECT_EQ(location.candidates, Paths({"/data/t.json"}));
  EXPECT_EQ(location.own, "/data/t.json");
}

TEST(TableLocation, TheUsersCacheComesBeforeTheSystems) {
  const auto cache = table_location({{}, "/cache", "/home/u"});
  EXPECT_EQ(cache.candidates, Paths({"/cache/blastune/table.json", "/var/cache/blastune/table.json"}));
  EXPECT_EQ(cache.own, "/cache/blastune/table.json");
  const auto home = table_location({{}, {}, "/home/u"});
  EXPECT_EQ(home.candidates, Paths({"/home/u/.cache/blastune/table.json", "/var/cache/blastune/table.json"}));
  EXPECT_EQ(home.own, "/home/u/.cache/blastune/table.json");
}

TEST(TableLocation, IgnoresWhatIsEmptyOrRelative) {
  EXPECT_EQ(table_location({"", "relative", "/home/u"}).own, "/home/u/.cache/blastune/table.json");
  const auto none = table_location({{}, "", "home"});
  EXPECT_EQ(none.candidates, Paths({"/var/cache/blastune/table.json"}));
  EXPECT_EQ(none.own, "/var/cache/blastune/table.json");
}

TEST(TableLocation, ReadsTheEnvironment) {
  ::setenv("BLASTUNE_TABLE", "/x", 1);
  ::setenv("XDG_CACHE_HOME", "", 1);
  const auto environment = read_table_environment();
  EXPECT_EQ(environment.blastune_table, "/x");
  EXPECT_FALSE(environment.xdg_cache_home.has_value());
  ::unsetenv("BLASTUNE_TABLE");
  EXPECT_FALSE(read_table_environment().blastune_table.has_value());
}

}  // namespace
}  // namespace blastune
