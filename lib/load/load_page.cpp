// SPDX-License-Identifier: BSD-3-Clause
#include "load/load_page.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <bit>
#include <cerrno>
#include <cmath>
#include <string_view>
#include <utility>

#include "base/atomic_file.h"

namespace blastune {
namespace {

static_assert(std::atomic_ref<std::uint64_t>::is_always_lock_free, "a lock would not reach other processes");

constexpr mode_t page_mode = 0644;
constexpr mode_t written_by_others = S_IWGRP | S_IWOTH;
constexpr int most_attempts = 8;
constexpr std::uint64_t most_processors = 1 << 20;
constexpr double most_seconds = 1e15;  // more than such a machine reaches in thirty years

LoadPage::Words words_of(std::uint64_t* page) {
  return LoadPage::Words(page, LoadPage::Words::extent);
}

// Whoever sees a word that was stored like this also sees that the sequence had become odd before.
void store(LoadPage::Words words, LoadPage::Word word, std::uint64_t value) {
  std::atomic_ref(words[word]).store(value, std::memory_order_release);
}

std::uint64_t load(LoadPage::Words words, LoadPage::Word word) {
  return std::atomic_ref(words[word]).load(std::memory_order_acquire);
}

bool is_possible(double seconds) {
  return std::isfinite(seconds) && seconds >= 0 && seconds <= most_seconds;
}

void* map(int file, int protection, std::uint64_t* in_place_of) {
  void* page = ::mmap(in_place_of, LoadPage::bytes, protection,
                      in_place_of == nullptr ? MAP_SHARED : MAP_SHARED | MAP_FIXED, file, 0);
  return page == MAP_FAILED ? nullptr : page;
}

bool is_trusted(const struct stat& directory, const struct stat& file) {
  return S_ISREG(file.st_mode) && (file.st_mode & written_by_others) == 0 &&
         (directory.st_mode & written_by_others) == 0 &&
         (file.st_uid == 0 || file.st_uid == directory.st_uid);
}

bool has_layout(int file) {
  std::array<std::uint64_t, 2> begin{};
  return ::pread(file, begin.data(), sizeof begin, 0) == static_cast<ssize_t>(sizeof begin) &&
         begin[LoadPage::magic_word] == LoadPage::magic && begin[LoadPage::layout_word] == LoadPage::layout;
}

}  // namespace

void LoadPageWriter::Unmap::operator()(std::uint64_t* page) const {
  ::munmap(page, LoadPage::bytes);
}

Result<LoadPageWriter> LoadPageWriter::make(FileSystem& files, const std::string& directory,
                                            std::int64_t unique) {
  LoadPageWriter writer(files, directory + "/" + LoadPage::name);
  std::array<std::uint64_t, LoadPage::Words::extent> empty{};
  empty[LoadPage::magic_word] = LoadPage::magic;
  empty[LoadPage::layout_word] = LoadPage::layout;
  empty[LoadPage::sequence] = static_cast<std::uint64_t>(unique) & ~std::uint64_t{1};
  const std::string_view bytes(reinterpret_cast<const char*>(empty.data()), LoadPage::bytes);
  const std::string remedy = "make " + directory + " writable for the service";
  if (auto made = replace_file(files, writer.path_, bytes, {page_mode, 0}); !made)
    return Error{made.error().kind, made.error().what, remedy, made.error().error_number};
  writer.file_ = UniqueFd(::open(writer.path_.c_str(), O_RDWR | O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK));
  if (!writer.file_.valid()) return system_error("cannot open " + writer.path_, errno);
  if (!writer.is_in_place())
    return Error{ErrorKind::unavailable, writer.path_ + " was changed by another program", remedy};
  void* page = map(writer.file_.get(), PROT_READ | PROT_WRITE, nullptr);
  if (page == nullptr) return system_error("cannot map " + writer.path_, errno);
  writer.page_.reset(static_cast<std::uint64_t*>(page));
  return writer;
}

LoadPageWriter::~LoadPageWriter() {
  if (page_ != nullptr && is_in_place()) (void)files_->remove(path_);
}

bool LoadPageWriter::is_in_place() const {
  struct stat status {};
  return ::fstat(file_.get(), &status) == 0 && S_ISREG(status.st_mode) && status.st_nlink > 0 &&
         status.st_size == static_cast<off_t>(LoadPage::bytes);
}

void LoadPageWriter::write(std::int64_t heartbeat, const ProcessorUse& use) {
  const auto words = words_of(page_.get());
  const std::uint64_t sequence = load(words, LoadPage::sequence);
  store(words, LoadPage::sequence, sequence + 1);
  store(words, LoadPage::heartbeat, static_cast<std::uint64_t>(heartbeat));
  store(words, LoadPage::processors, static_cast<std::uint64_t>(use.processors));
  store(words, LoadPage::busy, std::bit_cast<std::uint64_t>(use.busy_seconds));
  store(words, LoadPage::nice, std::bit_cast<std::uint64_t>(use.nice_seconds));
  store(words, LoadPage::sequence, sequence + 2);
}

void LoadPageReader::refresh(const char* directory) {
  const UniqueFd where(::open(directory, O_PATH | O_DIRECTORY | O_CLOEXEC));
  if (!where.valid()) return;
  const UniqueFd file(
      ::openat(where.get(), LoadPage::name, O_RDONLY | O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK | O_NOCTTY));
  struct stat its {};
  struct stat of_directory {};
  if (!file.valid() || ::fstat(file.get(), &its) != 0 || ::fstat(where.get(), &of_directory) != 0) return;
  std::uint64_t* mapped = page_.load(std::memory_order_relaxed);
  if (mapped != nullptr && its.st_dev == device_ && its.st_ino == inode_) return;
  if (!is_trusted(of_directory, its) || its.st_size != static_cast<off_t>(LoadPage::bytes) ||
      !has_layout(file.get()))
    return;
  // In the place of the one before: readers see the one or the other, and never a hole.
  void* page = map(file.get(), PROT_READ, mapped);
  if (page == nullptr) return;
  device_ = its.st_dev;
  inode_ = its.st_ino;
  page_.store(static_cast<std::uint64_t*>(page), std::memory_order_release);
}

std::optional<LoadNews> LoadPageReader::read(std::int64_t now) const {
  std::uint64_t* page = page_.load(std::memory_order_acquire);
  if (page == nullptr) return std::nullopt;
  const auto words = words_of(page);
  for (int attempt = 0; attempt < most_attempts; ++attempt) {
    const std::uint64_t before = load(words, LoadPage::sequence);
    const std::uint64_t magic = load(words, LoadPage::magic_word);
    const std::uint64_t layout = load(words, LoadPage::layout_word);
    const auto heartbeat = static_cast<std::int64_t>(load(words, LoadPage::heartbeat));
    const std::uint64_t processors = load(words, LoadPage::processors);
    const auto busy = std::bit_cast<double>(load(words, LoadPage::busy));
    const auto nice = std::bit_cast<double>(load(words, LoadPage::nice));
    if (before % 2 != 0 || load(words, LoadPage::sequence) != before) continue;
    if (magic != LoadPage::magic || layout != LoadPage::layout || heartbeat <= 0 || heartbeat > now ||
        now - heartbeat > LoadPage::stale_nanoseconds || processors < 1 || processors > most_processors ||
        !is_possible(busy) || !is_possible(nice) || nice > busy)
      return std::nullopt;
    return LoadNews{heartbeat, {static_cast<int>(processors), busy, nice}};
  }
  return std::nullopt;
}

}  // namespace blastune
