// SPDX-License-Identifier: BSD-3-Clause
//
// The small parts of the client that need no OpenBLAS.
#include <gnu/libc-version.h>
#include <gtest/gtest.h>
#include <link.h>
#include <sched.h>
#include <sys/stat.h>

#include <atomic>
#include <cstring>
#include <map>
#include <thread>

#include "client/loaded_objects.h"
#include "client/memo.h"
#include "client/processors.h"
#include "client/settings.h"
#include "client/snapshot.h"
#include "client/symbol_table.h"
#include "client/table_watch.h"
#include "client/thread_memo.h"
#include "tests/client/host.h"

namespace blastune {
namespace {

Settings settings_of(const std::map<std::string, std::string>& variables) {
  return read_settings([&](const char* name) -> const char* {
    const auto found = variables.find(name);
    return found == variables.end() ? nullptr : found->second.c_str();
  });
}

TEST(Settings, AreQuietAndUnlimitedWithoutVariables) {
  const Settings settings = settings_of({});
  EXPECT_FALSE(settings.disabled);
  EXPECT_EQ(settings.max_threads, 0);
  EXPECT_EQ(settings.log, LogLevel::silent);
  EXPECT_EQ(settings.runtime_directory, "/run/blastune");
  EXPECT_EQ(settings_of({{"BLASTUNE_RUNTIME_DIR", "/srv/run"}}).runtime_directory, "/srv/run");
  EXPECT_EQ(settings_of({{"BLASTUNE_RUNTIME_DIR", "run"}}).runtime_directory, "/run/blastune");
}

TEST(Settings, AreRead) {
  const Settings settings =
      settings_of({{"BLASTUNE_DISABLE", "1"}, {"BLASTUNE_MAX_THREADS", "3"}, {"BLASTUNE_LOG", "2"}});
  EXPECT_TRUE(settings.disabled);
  EXPECT_EQ(settings.max_threads, 3);
  EXPECT_EQ(settings.log, LogLevel::shapes);
  EXPECT_TRUE(settings.complaint.empty());
  EXPECT_FALSE(settings_of({{"BLASTUNE_DISABLE", "0"}}).disabled);
  EXPECT_FALSE(settings_of({{"BLASTUNE_DISABLE", ""}}).disabled);
  EXPECT_EQ(settings_of({{"BLASTUNE_LOG", "1"}}).log, LogLevel::changes);
}

TEST(Settings, LearningHasASwitchOfItsOwn) {
  EXPECT_TRUE(settings_of({}).learns);
  EXPECT_FALSE(settings_of({{"BLASTUNE_FEEDBACK", "0"}}).learns);
  EXPECT_TRUE(settings_of({{"BLASTUNE_FEEDBACK", "0"}}).load.feels);
  // The table alone decides where nothing follows the load, unless somebody says so.
  EXPECT_FALSE(settings_of({{"BLASTUNE_LOAD", "0"}}).learns);
  EXPECT_FALSE(settings_of({{"BLASTUNE_LOAD", "look"}}).learns);
  EXPECT_TRUE(settings_of({{"BLASTUNE_LOAD", "feel"}}).learns);
  EXPECT_TRUE(settings_of({{"BLASTUNE_LOAD", "0"}, {"BLASTUNE_FEEDBACK", "1"}}).learns);
}

TEST(Settings, ACapThatMeansNothingIsIgnoredAndTold) {
  for (const char* text : {"0", "-1", "many", "3x", "99999999999999999999"}) {
    const Settings settings = settings_of({{"BLASTUNE_MAX_THREADS", text}});
    EXPECT_EQ(settings.max_threads, 0) << text;
    EXPECT_NE(settings.complaint.find("BLASTUNE_MAX_THREADS"), std::string::npos) << text;
  }
}

TEST(GemmKey, KeepsEveryPartOfAGemm) {
  for (const Gemm& gemm :
       {Gemm{DType::f32, Transpose::none, Transpose::none, 1, 1, 1},
        Gemm{DType::c128, Transpose::conjugated, Transpose::transposed, max_dimension, 2, 3},
        Gemm{DType::f64, Transpose::transposed, Transpose::conjugated, 2, max_dimension, max_dimension}})
    EXPECT_EQ(gemm_of(key_of(gemm)), gemm) << describe(gemm);
}

constexpr GemmKey small_key = key_of({DType::f64, Transpose::none, Transpose::transposed, 3, 4, 5});

TEST(Memo, AnswersOnlyTheSameQuestion) {
  Memo memo;
  EXPECT_FALSE(memo.first(small_key).answers(7, small_key, 2));
  memo.keep({7, small_key, 2, {}});
  EXPECT_TRUE(memo.first(small_key).answers(7, small_key, 2));
  EXPECT_FALSE(memo.first(small_key).answers(8, small_key, 2));
  EXPECT_FALSE(memo.first(small_key).answers(7, small_key, 3));
  for (const Gemm& other : {Gemm{DType::f32, Transpose::none, Transpose::transposed, 3, 4, 5},
                            Gemm{DType::f64, Transpose::transposed, Transpose::none, 3, 4, 5},
                            Gemm{DType::f64, Transpose::none, Transpose::transposed, 4, 3, 5},
                            Gemm{DType::f64, Transpose::none, Transpose::transposed, 3, 4, 6}})
    EXPECT_FALSE(memo.first(small_key).answers(7, key_of(other), 2)) << describe(other);
}

TEST(ThreadMemo, EveryThreadHasItsOwn) {
  std::thread([] {
    EXPECT_EQ(thread_memo, nullptr);
    Memo* mine = make_thread_memo();
    ASSERT_NE(mine, nullptr);
    EXPECT_EQ(thread_memo, mine);
    std::thread([mine] { EXPECT_NE(make_thread_memo(), mine); }).join();
    EXPECT_EQ(thread_memo, mine);
  }).join();
}

TEST(Memo, TwoThatShareAPlaceKeepOneEach) {
  Memo memo;
  memo.keep({7, small_key, 2, {}});
  // The first batch size whose place is that of small_key.
  GemmKey other = small_key;
  for (std::int64_t n = 5; &memo.first(other) != &memo.first(small_key) || other == small_key; ++n)
    other = key_of({DType::f64, Transpose::none, Transpose::transposed, 3, n, 5});
  memo.keep({7, other, 2, {}});
  EXPECT_TRUE(memo.first(other).answers(7, other, 2));
  EXPECT_TRUE(memo.second(small_key).answers(7, small_key, 2));
  // What is out of date makes room at once.
  memo.keep({8, small_key, 2, {}});
  EXPECT_TRUE(memo.second(small_key).answers(7, small_key, 2));
}

TEST(SnapshotWord, KeepsItsParts) {
  const std::uint64_t word = SnapshotWord::make(1'000'000, 31);
  EXPECT_EQ(SnapshotWord::slot(word), 31U);
  const std::uint64_t limited = SnapshotWord::with_limit(word, SnapshotWord::largest_limit);
  EXPECT_EQ(SnapshotWord::slot(limited), 31U);
  EXPECT_NE(limited, SnapshotWord::with_limit(word, 1));
  EXPECT_EQ(SnapshotWord::with_limit(limited, 1), SnapshotWord::with_limit(word, 1));
  EXPECT_NE(SnapshotWord::make(0, 0), 0U);
  EXPECT_NE(SnapshotWord::make(1, 0), SnapshotWord::make(0, 0));
}

TEST(SnapshotBox, FreesAnOldOneOnlyWhenNobodyReads) {
  SnapshotBox box;
  std::vector<std::unique_ptr<const Snapshot>> retired;
  const auto advisor = std::make_shared<const Advisor>(Table{});
  const auto next = [&] {
    return std::make_unique<const Snapshot>(Snapshot{box.next_generation() << 24U, advisor});
  };
  box.publish(next(), retired);
  {
    const SnapshotBox::Reader reader(box);
    box.publish(next(), retired);
    EXPECT_EQ(retired.size(), 1U);
    EXPECT_EQ(reader.get()->advisor, advisor);
    EXPECT_NE(reader.get()->word, box.word());
  }
  box.publish(nullptr, retired);
  EXPECT_TRUE(retired.empty());
  EXPECT_EQ(box.word(), 0U);
  EXPECT_EQ(SnapshotBox::Reader(box).get(), nullptr);
  EXPECT_EQ(advisor.use_count(), 1);
}

TEST(SnapshotBox, ReadersNeverSeeAFreedOne) {
  SnapshotBox box;
  std::vector<std::unique_ptr<const Snapshot>> retired;
  std::atomic<bool> stop{false};
  std::vector<std::thread> readers;
  for (int i = 0; i < 3; ++i) {
    readers.emplace_back([&] {
      while (!stop) {
        const SnapshotBox::Reader reader(box);
        if (reader.get() == nullptr) continue;
        EXPECT_EQ(reader.get()->advisor->curve_count(), 0U);
      }
    });
  }
  for (int i = 0; i < 2000; ++i) {
    auto snapshot = std::make_unique<Snapshot>();
    snapshot->word = box.next_generation() << 24U;
    snapshot->advisor = std::make_shared<const Advisor>(Table{});
    box.publish(std::move(snapshot), retired);
  }
  stop = true;
  for (std::thread& reader : readers) reader.join();
  box.publish(nullptr, retired);
}

TEST(TableWatch, SeesEveryKindOfChange) {
  const testing::TemporaryDirectory directory;
  const std::string path = directory.file("table.json");
  const auto write = [&](const std::string& to, const std::string& text) { std::ofstream(to) << text; };
  TableWatch watch({path, directory.file("absent")});
  EXPECT_TRUE(watch.changed());
  EXPECT_FALSE(watch.any());
  EXPECT_FALSE(watch.changed());
  write(path, "1");
  EXPECT_TRUE(watch.changed());
  EXPECT_TRUE(watch.any());
  EXPECT_FALSE(watch.changed());
  write(directory.file("new"), "2");
  std::filesystem::rename(directory.file("new"), path);
  EXPECT_TRUE(watch.changed());
  EXPECT_EQ(::chmod(path.c_str(), 0600), 0);
  EXPECT_TRUE(watch.changed());
  std::filesystem::remove(path);
  EXPECT_TRUE(watch.changed());
  EXPECT_FALSE(watch.any());
}

// Those of a sanitizer's runtime too, and those that have ended and are still listed.
void bind_all_threads(const cpu_set_t& processors) {
  for (const auto& entry : std::filesystem::directory_iterator("/proc/self/task"))
    ::sched_setaffinity(std::stoi(entry.path().filename().string()), sizeof processors, &processors);
}

TEST(Processors, AreThoseOfAllThreadsAndNotOfTheOneThatAsks) {
  cpu_set_t before;
  ASSERT_EQ(::sched_getaffinity(0, sizeof before, &before), 0);
  const auto all = affinity_of_all_threads();
  EXPECT_EQ(all.size(), static_cast<std::size_t>(CPU_COUNT(&before)));
  cpu_set_t one;
  CPU_ZERO(&one);
  CPU_SET(static_cast<std::size_t>(all.front()), &one);
  std::atomic<bool> stop{false};
  std::thread free([&] {
    while (!stop) std::this_thread::yield();
  });
  ASSERT_EQ(::sched_setaffinity(0, sizeof one, &one), 0);
  EXPECT_EQ(affinity_of_all_threads(), all);
  // What an OpenMP runtime does that binds its threads: whose processors they are is seen while they run.
  Processors processors;
  const int capacity = static_cast<int>(all.size());
  EXPECT_LE(processors.read(1, true, false, capacity), capacity);
  EXPECT_EQ(processors.where(capacity, capacity + 1), ProcessorSet::of(all));
  EXPECT_TRUE(processors.where(capacity, capacity).is_all());
  stop = true;
  free.join();
  bind_all_threads(one);
  EXPECT_EQ(processors.where(capacity, capacity + 1),
            capacity == 1 ? ProcessorSet::of(all) : ProcessorSet::all());
  EXPECT_EQ(processors.where(1, capacity + 1), ProcessorSet::of(std::vector<int>{all.front()}));
  bind_all_threads(before);
}

class Notes {
 public:
  void add(std::uint32_t type, const std::string& name, const std::string& value) {
    const ElfW(Nhdr)
        header = {static_cast<ElfW(Word)>(name.size() + 1), static_cast<ElfW(Word)>(value.size()), type};
    bytes_.append(reinterpret_cast<const char*>(&header), sizeof header);
    bytes_.append(name).append(1, '\0');
    pad();
    bytes_.append(value);
    pad();
  }
  [[nodiscard]] std::string build_id(std::size_t cut = 0) const {
    // A copy of exactly that size, so that a sanitizer sees a read beyond it.
    const std::vector<unsigned char> exact(bytes_.begin(), bytes_.end() - static_cast<std::ptrdiff_t>(cut));
    return build_id_of_notes(exact.data(), exact.size(), 4);
  }
  [[nodiscard]] std::size_t size() const { return bytes_.size(); }

 private:
  void pad() { bytes_.resize((bytes_.size() + 3) / 4 * 4); }
  std::string bytes_;
};

TEST(BuildId, IsFoundAmongOtherNotes) {
  Notes notes;
  notes.add(NT_GNU_PROPERTY_TYPE_0, "GNU", "abcdefgh");
  notes.add(NT_GNU_BUILD_ID, "XYZ", "no");
  notes.add(NT_GNU_BUILD_ID, "GNU", "\x01\xAB\xFF");
  EXPECT_EQ(notes.build_id(), "01abff");
  for (std::size_t cut = 2; cut <= notes.size(); ++cut) EXPECT_EQ(notes.build_id(cut), "") << cut;
}

TEST(BuildId, HostileLengthsAreRefused) {
  for (const std::uint32_t length : {0x7FFFFFFFU, 0xFFFFFFFFU, 0xFFFFFFFCU}) {
    const std::vector<std::uint32_t> words = {length, length, NT_GNU_BUILD_ID, 0};
    std::vector<unsigned char> bytes(words.size() * sizeof words[0]);
    std::memcpy(bytes.data(), words.data(), bytes.size());
    EXPECT_EQ(build_id_of_notes(bytes.data(), bytes.size(), 4), "");
  }
}

TEST(LoadedObjects, ListsThisProgramAndItsLibraries) {
  const auto objects = list_loaded_objects();
  EXPECT_GE(objects.size(), 3U);
  for (const LoadedObject& object : objects) EXPECT_FALSE(object.may_be_openblas) << object.path;
  EXPECT_EQ(read_load_counters(), read_load_counters());
  EXPECT_GE(read_load_counters().loaded, objects.size());
}

TEST(SymbolTable, WhoDefinesAndWhoAsks) {
  struct Seen {
    int definers = 0;
    int askers = 0;
  } seen;
  ::dl_iterate_phdr(
      [](dl_phdr_info* info, std::size_t, void* result) {
        const SymbolTable table(*info);
        auto& counted = *static_cast<Seen*>(result);
        if (table.any_import([](std::string_view name) { return name == "gnu_get_libc_version"; }))
          ++counted.askers;
        if (!table.readable()) return 0;
        if (table.found("gnu_get_libc_version")) ++counted.definers;
        EXPECT_FALSE(table.found("nobody_has_such_a_function"));
        return 0;
      },
      &seen);
  // The C library, and this program.
  EXPECT_STRNE(::gnu_get_libc_version(), "");
  EXPECT_EQ(seen.definers, 1);
  EXPECT_GE(seen.askers, 1);
}

}  // namespace
}  // namespace blastune
