// SPDX-License-Identifier: BSD-3-Clause
#include "store/config.h"

#include <gtest/gtest.h>

#include <filesystem>

#include "tests/base/temporary_directory.h"

namespace blastune {
namespace {

Result<LoadedConfig> apply(const std::string& text) {
  LoadedConfig loaded;
  if (auto applied = apply_config(loaded, text, "c.json"); !applied) return applied.error();
  return loaded;
}

std::string what(const std::string& text) {
  const auto result = apply(text);
  EXPECT_FALSE(result) << text;
  return result ? std::string() : result.error().what;
}

TEST(Config, TheShippedFileSaysWhatIsCompiledIn) {
  RealFileSystem files;
  const TemporaryDirectory directory;
  std::ifstream shipped(BLASTUNE_CONFIG_FILE);
  const std::string text{std::istreambuf_iterator<char>(shipped), {}};
  ASSERT_FALSE(text.empty());
  LoadedConfig loaded;
  // Every value different first, so that a key missing from the file shows.
  loaded.config = {{}, {7, 7}, {}, {}, {}, {false, {7, 7}}, 0.7, 7777, 7, {0.7, 7, 777, 7, true, {"/7"}}};
  const auto applied = apply_config(loaded, text, BLASTUNE_CONFIG_FILE);
  ASSERT_TRUE(applied) << applied.error().text();
  EXPECT_EQ(loaded.config, Config{});
  EXPECT_TRUE(loaded.warnings.empty());
}

TEST(Config, ChangesOnlyWhatIsGiven) {
  const auto loaded = apply("// why\n{ \"tolerance\": 0.05, /* and */ \"dtypes\": [\"c64\"] }\n");
  ASSERT_TRUE(loaded) << loaded.error().text();
  Config expected;
  expected.tolerance = 0.05;
  expected.dtypes = {DType::c64};
  EXPECT_EQ(loaded->config, expected);
  EXPECT_EQ(apply("{}")->config, Config{});
}

TEST(Config, TakesEveryKey) {
  const auto loaded = apply(R"({"networks":[[3,4],[5,6,5]],"batches":[2,9],"layouts":["batch-by-features"],
    "passes":["backward-data"],"dtypes":["f64"],"general_grid":{"enabled":false,"sizes":[8,16]},"tolerance":1e-2,
    "max_operand_bytes":4096,"budget":"2m","daemon":{"cpu_share":0.5,"first_run":"1m","check_every":"1h",
    "quiet_cores":3,"on_battery":true,"libraries":["/opt/a.so"]}})");
  ASSERT_TRUE(loaded) << loaded.error().text();
  const Config expected{{{{3, 4}}, {{5, 6, 5}}},
                        {2, 9},
                        {Layout::batch_by_features},
                        {Pass::backward_data},
                        {DType::f64},
                        {false, {8, 16}},
                        1e-2,
                        4096,
                        120,
                        {0.5, 60, 3600, 3, true, {"/opt/a.so"}}};
  EXPECT_EQ(loaded->config, expected);
}

TEST(Config, ReportsUnknownKeysWithTheirLines) {
  const auto loaded = apply("{\n\"tolerence\": 1,\n\"general_grid\": {\n\"size\": [1,2]}}");
  ASSERT_TRUE(loaded);
  EXPECT_EQ(loaded->warnings,
            std::vector<std::string>({"c.json, line 2: the key \"tolerence\" is not known",
                                      "c.json, line 4: the key \"general_grid.size\" is not known"}));
}

TEST(Config, NamesLineAndKey) {
  EXPECT_EQ(what("{\n\n\"max_operand_bytes\": -1\n}"),
            "c.json, line 3: max_operand_bytes: this must be an integer from 4096 to 1099511627776");
  EXPECT_NE(what("{\n\"general_grid\": {\"sizes\":\n[0,\n5]}}").find("line 3: general_grid.sizes"),
            std::string::npos);
  EXPECT_NE(what("{\n\"budget\": \"x\"}").find("line 2: budget: \"x\""), std::string::npos);
  EXPECT_NE(what("{\n\"budget\": 30}").find("line 2: budget"), std::string::npos);
  EXPECT_NE(what("{\n\"a\": 1,\n}").find("c.json, line 3"), std::string::npos);
  EXPECT_NE(what("{\n\"daemon\": {\"cpu_share\": 2}}").find("from 0.0001 to 1"), std::string::npos);
  EXPECT_NE(what("{\"daemon\": {\"check_every\": \"1s\"}}").find("from 1m to 168h"), std::string::npos);
  EXPECT_NE(what("{\"batches\": [500, 1]}").find("batches: this must be [smallest, largest], in that order"),
            std::string::npos);
  EXPECT_NE(what("{\"dtypes\": []}").find("dtypes: this must be a list with at least one of"),
            std::string::npos);
  EXPECT_NE(what("{\"networks\": [[784]]}").find("line 1: networks: a network of 1 sizes"),
            std::string::npos);
}

TEST(Config, GuessesWhatWasForgotten) {
  EXPECT_EQ(what("{\"a\": 1,\n}"), "c.json, line 2: not JSON at \"}\"; the comma before it has to go");
  EXPECT_EQ(what("{\"a\": [1, 2,]}"), "c.json, line 1: not JSON at \"]\"; the comma before it has to go");
  EXPECT_EQ(what("{\"budget\": \"1s\"\n\"tolerance\": 0.1}"),
            "c.json, line 2: not JSON at \"\"tolerance\"\"; a comma is missing before it");
  EXPECT_EQ(what("{\"a\": [1, // one\n]}"),
            "c.json, line 2: not JSON at \"]\"; the comma before it has to go");
  EXPECT_EQ(what("{\"a\": \"//\" /* x */ // y\n\"b\": 1}"),
            "c.json, line 2: not JSON at \"\"b\"\"; a comma is missing before it");
  EXPECT_NE(what("{\"budget\": \"30s }\n}").find("a quote is not closed"), std::string::npos);
  EXPECT_NE(what("{} /* x").find("a comment is not closed"), std::string::npos);
  for (const char* text : {"{ tolerance: 1}", "{ 'tolerance': 1}", "# x\n{}", "{\"tolerance\": True}"})
    EXPECT_NE(what(text).find("in double quotes"), std::string::npos) << what(text);
  for (const char* text : {"", " \n\n", "// all of it is off\n", "/* {} */"})
    EXPECT_NE(what(text).find("the file is empty"), std::string::npos);
  for (const char* text : {"{", "{\"a\": 1", "{\"a\": [1,", "{\"a", "{\"a\": 1\n"})
    EXPECT_NE(what(text).find("it ends too early"), std::string::npos) << what(text);
  EXPECT_NE(what("{\"tolerance\":1,\n\"tolerance\":1}").find("line 2: \"tolerance\" is given twice"),
            std::string::npos);
}

TEST(Config, RefusesWrongValues) {
  for (const char* text : {"",
                           "[]",
                           "1",
                           "null",
                           "{",
                           "{}{}",
                           "{\"networks\":1}",
                           "{\"networks\":[1]}",
                           "{\"networks\":[[784]]}",
                           "{\"networks\":[[784,0]]}",
                           "{\"networks\":[[784,-1]]}",
                           "{\"networks\":[[784,1.5]]}",
                           "{\"networks\":[[784,\"10\"]]}",
                           "{\"networks\":[[784,99999999999999999999]]}",
                           "{\"batches\":[1]}",
                           "{\"batches\":[5,4]}",
                           "{\"batches\":[1,2,3]}",
                           "{\"batches\":{\"a\":1,\"b\":2}}",
                           "{\"layouts\":[]}",
                           "{\"layouts\":[\"x\"]}",
                           "{\"layouts\":[1]}",
                           "{\"dtypes\":[\"f64\",\"f64\"]}",
                           "{\"passes\":\"forward\"}",
                           "{\"general_grid\":true}",
                           "{\"general_grid\":{\"enabled\":1}}",
                           "{\"tolerance\":\"0.1\"}",
                           "{\"tolerance\":-0.1}",
                           "{\"tolerance\":2}",
                           "{\"tolerance\":1e999}",
                           "{\"tolerance\":NaN}",
                           "{\"max_operand_bytes\":1e6}",
                           "{\"budget\":\"0s\"}",
                           "{\"budget\":\"9999h\"}",
                           "{\"daemon\":1}",
                           "{\"daemon\":{\"cpu_share\":0}}",
                           "{\"daemon\":{\"cpu_share\":1.5}}",
                           "{\"daemon\":{\"first_run\":\"0s\"}}",
                           "{\"daemon\":{\"check_every\":\"59s\"}}",
                           "{\"daemon\":{\"quiet_cores\":0}}",
                           "{\"daemon\":{\"on_battery\":\"no\"}}",
                           "{\"daemon\":{\"libraries\":\"/a.so\"}}",
                           "{\"daemon\":{\"libraries\":[\"a.so\"]}}",
                           "{\"daemon\":{\"libraries\":[1]}}",
                           "{\"tolerance\":0.1} x",
                           "{\"tolerance\":0,1}"}) {
    const auto result = apply(text);
    ASSERT_FALSE(result) << text;
    EXPECT_EQ(result.error().kind, ErrorKind::invalid_data) << text;
    EXPECT_NE(result.error().what.find("c.json, line 1"), std::string::npos) << result.error().what;
  }
}

TEST(Config, WrongTextChangesNothing) {
  LoadedConfig loaded;
  EXPECT_FALSE(apply_config(loaded, "{\"tolerance\":0.5,\"strange\":1,\"batches\":[]}", "c.json"));
  EXPECT_EQ(loaded.config, Config{});
  EXPECT_TRUE(loaded.warnings.empty());
}

TEST(Config, RefusesZeroBytes) {
  EXPECT_NE(what(std::string("{}\0{", 4)).find("zero byte"), std::string::npos);
}

TEST(Config, IsBounded) {
  EXPECT_NE(what("{\"x\":" + std::string(100'000, '[')).find("nested deeper"), std::string::npos);
  std::string many = "{\"x\":[0";
  for (int i = 0; i < 100'000; ++i) many += ",0";
  EXPECT_NE(what(many + "]}").find("more than"), std::string::npos);
}

TEST(Config, MoreThanCanBeMeasuredIsRefused) {
  RealFileSystem files;
  const TemporaryDirectory directory;
  std::string networks;
  for (int i = 0; i < 200; ++i) networks += (i == 0 ? "[" : ",[") + std::to_string(1000 + i) + ",10]";
  directory.write("blastune.json", "{\"networks\": [" + networks + "]}");
  const auto refused = load_config(files, directory.path());
  ASSERT_FALSE(refused);
  EXPECT_NE(refused.error().what.find("200 different layers, in 2 dtypes and 3 passes"), std::string::npos)
      << refused.error().what;
  directory.write("blastune.json", "{\"networks\": [" + networks + "], \"passes\": [\"forward\"]}");
  EXPECT_TRUE(load_config(files, directory.path()));
}

TEST(Config, LaterFilesWin) {
  RealFileSystem files;
  const TemporaryDirectory directory;
  EXPECT_EQ(load_config(files, directory.path())->config, Config{});
  EXPECT_EQ(load_config(files, directory.path("absent"))->config, Config{});
  directory.write("blastune.json", "{\"tolerance\":0.1,\"budget\":\"5s\"}");
  std::filesystem::create_directory(directory.path("conf.d"));
  directory.write("conf.d/20-b.json", "{\"tolerance\":0.3}");
  directory.write("conf.d/10-a.json", "{\"tolerance\":0.2,\"batches\":[1,2]}");
  directory.write("conf.d/30-c.json.bak", "wrong");
  directory.write("conf.d/.40-d.json", "wrong");
  const auto loaded = load_config(files, directory.path());
  ASSERT_TRUE(loaded) << loaded.error().text();
  EXPECT_DOUBLE_EQ(loaded->config.tolerance, 0.3);
  EXPECT_DOUBLE_EQ(loaded->config.budget_seconds, 5);
  EXPECT_EQ(loaded->config.batches, (SizeRange{1, 2}));
  EXPECT_EQ(loaded->files,
            std::vector<std::string>({directory.path("blastune.json"), directory.path("conf.d/10-a.json"),
                                      directory.path("conf.d/20-b.json")}));
  directory.write("conf.d/50.json", "wrong");
  EXPECT_NE(load_config(files, directory.path()).error().what.find("50.json, line 1"), std::string::npos);
}

}  // namespace
}  // namespace blastune
