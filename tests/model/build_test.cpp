// SPDX-License-Identifier: BSD-3-Clause
#include "model/build.h"

#include <gtest/gtest.h>

namespace blastune {
namespace {

TEST(ParseConfig, ReadsWhatReleasesSay) {
  const auto facts = parse_config(
      "OpenBLAS 0.3.21 USE64BITINT NO_LAPACKE DYNAMIC_ARCH NO_AFFINITY USE_OPENMP Zen MAX_THREADS=64");
  ASSERT_TRUE(facts);
  EXPECT_EQ(facts->version, (Version{0, 3, 21}));
  EXPECT_TRUE(facts->openmp);
  EXPECT_TRUE(facts->use64bitint);
  EXPECT_EQ(facts->max_threads, 64);
}

TEST(ParseConfig, ReadsABuildBetweenReleases) {
  const auto facts = parse_config("OpenBLAS 0.3.30.dev DYNAMIC_ARCH SkylakeX MAX_THREADS=128");
  ASSERT_TRUE(facts);
  EXPECT_EQ(facts->version, (Version{0, 3, 30}));
  EXPECT_FALSE(facts->openmp);
  EXPECT_FALSE(facts->use64bitint);
}

TEST(ParseConfig, KnowsOldReleasesWithoutVersion) {
  const auto facts = parse_config("NO_LAPACKE DYNAMIC_ARCH NO_AFFINITY Haswell");
  ASSERT_TRUE(facts);
  EXPECT_EQ(facts->version, Version{});
  EXPECT_EQ(facts->max_threads, 1);
}

TEST(ParseConfig, KeepsOutWhatIsNotOpenBlas) {
  for (const char* text : {"", " ", "FlexiBLAS 3.4", "ATLAS 3.10", "openblas", "NotOpenBLAS 0.3.21"})
    EXPECT_FALSE(parse_config(text)) << text;
}

TEST(ParseConfig, IgnoresImpossibleCeilings) {
  for (const char* text : {"OpenBLAS 0.3.21 MAX_THREADS=0", "OpenBLAS 0.3.21 MAX_THREADS=-4",
                           "OpenBLAS 0.3.21 MAX_THREADS=99999999999", "OpenBLAS 0.3.21 MAX_THREADS=4x"}) {
    const auto facts = parse_config(text);
    ASSERT_TRUE(facts) << text;
    EXPECT_EQ(facts->max_threads, 1) << text;
  }
}

TEST(CountSetterOf, FollowsThreadingAndVersion) {
  const auto setter = [](Threading threading, Version version) {
    Build build;
    build.threading = threading;
    build.version = version;
    return count_setter(build);
  };
  EXPECT_EQ(setter(Threading::serial, {0, 3, 21}), CountSetter::none);
  EXPECT_EQ(setter(Threading::pthread, {0, 3, 21}), CountSetter::openblas);
  EXPECT_EQ(setter(Threading::pthread, {0, 3, 27}), CountSetter::openblas);
  EXPECT_EQ(setter(Threading::pthread, {}), CountSetter::openblas);
  EXPECT_EQ(setter(Threading::openmp, {0, 3, 23}), CountSetter::openblas);
  EXPECT_EQ(setter(Threading::openmp, {0, 3, 24}), CountSetter::openmp);
  EXPECT_EQ(setter(Threading::openmp, {0, 3, 33}), CountSetter::openmp);
  EXPECT_EQ(setter(Threading::openmp, {0, 3, 34}), CountSetter::openblas);
  EXPECT_EQ(setter(Threading::openmp, {}), CountSetter::none);
}

TEST(VersionText, IsStrictAndComesBack) {
  EXPECT_EQ(version_from_text("0.3.21"), (Version{0, 3, 21}));
  EXPECT_EQ(version_from_text(to_string(Version{1, 20, 300})), (Version{1, 20, 300}));
  for (const char* text : {"", "0.3", "0.3.", "0.3.21.4", "0.3.21 ", "0.-3.21", "+0.3.21", "a.b.c", "0..1"})
    EXPECT_FALSE(version_from_text(text)) << text;
}

TEST(SameBuild, LooksAtEverythingButThePath) {
  Build a;
  a.config = "OpenBLAS 0.3.21";
  a.build_id = "0123";
  Build b = a;
  b.path = "/elsewhere";
  EXPECT_TRUE(same_build(a, b));
  const auto differs = [&a](auto change) {
    Build other = a;
    change(other);
    return !same_build(a, other);
  };
  EXPECT_TRUE(differs([](Build& x) { x.version.patch = 1; }));
  EXPECT_TRUE(differs([](Build& x) { x.config += " "; }));
  EXPECT_TRUE(differs([](Build& x) { x.core_name = "Zen"; }));
  EXPECT_TRUE(differs([](Build& x) { x.threading = Threading::openmp; }));
  EXPECT_TRUE(differs([](Build& x) { x.integer_bits = 64; }));
  EXPECT_TRUE(differs([](Build& x) { x.prefix = "scipy_"; }));
  EXPECT_TRUE(differs([](Build& x) { x.suffix = "64_"; }));
  EXPECT_TRUE(differs([](Build& x) { x.max_threads = 2; }));
  EXPECT_TRUE(differs([](Build& x) { x.build_id = "0124"; }));
}

TEST(Names, ComeBack) {
  for (const Threading threading : {Threading::serial, Threading::pthread, Threading::openmp})
    EXPECT_EQ(threading_from_name(name(threading)), threading);
  for (const CountSetter setter : {CountSetter::none, CountSetter::openblas, CountSetter::openmp})
    EXPECT_EQ(count_setter_from_name(name(setter)), setter);
  EXPECT_FALSE(threading_from_name("OpenMP"));
  EXPECT_FALSE(count_setter_from_name(""));
}

TEST(Describe, NamesVersionThreadingAndCore) {
  Build build;
  build.version = {0, 3, 21};
  build.threading = Threading::pthread;
  build.core_name = "Zen";
  EXPECT_EQ(describe(build), "OpenBLAS 0.3.21 pthread (Zen)");
}

}  // namespace
}  // namespace blastune
