// SPDX-License-Identifier: BSD-3-Clause
#include "cli/preload_location.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>

namespace blastune {
namespace {

TEST(PreloadPlaces, BesideTheProgramFirstThenWhereItWasToBe) {
  const auto places = preload_places("/opt/b/bin/blastune");
  ASSERT_FALSE(places.empty());
  EXPECT_TRUE(places.front().starts_with("/opt/b/lib")) << places.front();
  EXPECT_NE(std::ranges::find(places, "/opt/b/lib/preload/libblastune-preload.so"), places.end())
      << "a build tree's";
  for (const std::string& place : places) EXPECT_TRUE(place.ends_with("/libblastune-preload.so")) << place;
  // Nothing is told of a program that cannot tell where it is.
  EXPECT_EQ(preload_places("").size(), 1U);
}

TEST(AddPreload, BehindWhatIsThereAndOnce) {
  const std::string ours = "/lib/libblastune-preload.so";
  EXPECT_EQ(add_preload("", ours), ours);
  EXPECT_EQ(add_preload("/lib/other.so", ours), "/lib/other.so:" + ours);
  EXPECT_EQ(add_preload("/a.so /b.so", ours), "/a.so /b.so:" + ours);
  for (const std::string& present : {ours, "/a.so:" + ours, ours + ":/a.so", "/a.so " + ours + " /b.so"})
    EXPECT_EQ(add_preload(present, ours), present);
  EXPECT_EQ(add_preload("/x" + ours, ours), "/x" + ours + ":" + ours) << "another file's name ends alike";
  EXPECT_EQ(add_preload(ours + ".old", ours), ours + ".old:" + ours);
}

TEST(PreloadWord, NamesTheLoadersFolderAsTheLoaderKnowsIt) {
  const std::string lib = "lib/x86_64-linux-gnu";
  EXPECT_EQ(preload_word("/usr/lib/x86_64-linux-gnu/blastune/p.so", lib), "/usr/$LIB/blastune/p.so");
  EXPECT_EQ(preload_word("/opt/lib64/p.so", "lib64"), "/opt/$LIB/p.so");
  for (const std::string path : {"/opt/lib/blastune/p.so", "/opt/lib/x86_64-linux-gnux/p.so", "/p.so"})
    EXPECT_EQ(preload_word(path, lib), path);
  EXPECT_EQ(preload_word("/usr/lib/p.so", ""), "/usr/lib/p.so");
}

TEST(LoaderLib, LeadsToTheCLibrary) {
  const std::string lib = loader_lib();
  ASSERT_FALSE(lib.empty());
  EXPECT_FALSE(lib.starts_with('/'));
  EXPECT_TRUE(std::filesystem::exists("/" + lib + "/libc.so.6")) << lib;
}

}  // namespace
}  // namespace blastune
