// SPDX-License-Identifier: BSD-3-Clause
//
// The use of all processors, written into a page of memory by one process and read by many, in nanoseconds.
//
// The page is the file `load` of the service's directory, of words of 64 bits:
//   0 magic   1 layout   2 sequence   3 heartbeat   4 processors   5 busy seconds   6 nice seconds
// The sequence is odd while the words after it are being written, so a reader who finds it even and the same
// before and after has read what belongs together. The heartbeat is when the use was read from the kernel, in
// nanoseconds of CLOCK_MONOTONIC. Every word is read and written by atomics; a reader may be in another
// process and is told nothing by anybody. Seconds are doubles.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>

#include "base/file_system.h"
#include "base/result.h"
#include "base/unique_fd.h"
#include "load/processor_use.h"

namespace blastune {

struct LoadPage {
  static constexpr const char* name = "load";
  static constexpr std::size_t bytes = 4096;
  static constexpr std::uint64_t magic = 0x6C62'7475'6E65'4C50;
  static constexpr std::uint64_t layout = 1;
  static constexpr std::int64_t stale_nanoseconds = 250'000'000;
  enum Word : std::size_t { magic_word, layout_word, sequence, heartbeat, processors, busy, nice };
  using Words = std::span<std::uint64_t, bytes / sizeof(std::uint64_t)>;
};

// Makes the page, and removes it at its end. One thread. The file is replaced, never cut or shrunk: whoever
// has an earlier one mapped goes on to see that one, and that its heartbeat has stopped.
class LoadPageWriter {
 public:
  // unique: what no page before began with, as the time; so that two pages never look alike.
  static Result<LoadPageWriter> make(FileSystem& files, const std::string& directory, std::int64_t unique);
  LoadPageWriter(LoadPageWriter&&) = default;
  LoadPageWriter& operator=(LoadPageWriter&&) = default;
  LoadPageWriter(const LoadPageWriter&) = delete;
  LoadPageWriter& operator=(const LoadPageWriter&) = delete;
  ~LoadPageWriter();

  // False when somebody removed, replaced or cut the file: then it must not be written any more.
  [[nodiscard]] bool is_in_place() const;
  void write(std::int64_t heartbeat, const ProcessorUse& use);

 private:
  struct Unmap {
    void operator()(std::uint64_t* page) const;
  };
  LoadPageWriter(FileSystem& files, std::string path) : files_(&files), path_(std::move(path)) {}

  FileSystem* files_;
  std::string path_;
  UniqueFd file_;
  std::unique_ptr<std::uint64_t, Unmap> page_;
};

struct LoadNews {
  std::int64_t heartbeat = 0;
  ProcessorUse use;  // of all processors
};

// Constant-initialised and never unmapped: what reads may live as long as its program. Neither allocates.
class LoadPageReader {
 public:
  constexpr LoadPageReader() = default;
  LoadPageReader(const LoadPageReader&) = delete;
  LoadPageReader& operator=(const LoadPageReader&) = delete;

  // Maps the page of that directory, if there is one that can be trusted: a regular file of the right size
  // and layout that only its owner may write, who is root or the owner of the directory, which only that one
  // may write. One of a later service takes the place of the one before; else what is mapped stays. One
  // thread at a time.
  void refresh(const char* directory);

  // Any thread, also while another refreshes. The sequence, to see whether there is news; 0 without a page.
  [[nodiscard]] std::uint64_t sequence() const {
    std::uint64_t* page = page_.load(std::memory_order_acquire);
    if (page == nullptr) return 0;
    return std::atomic_ref(LoadPage::Words(page, LoadPage::Words::extent)[LoadPage::sequence])
        .load(std::memory_order_relaxed);
  }
  // Nothing when the page is stale, from the future, being written, or holds what cannot be.
  // now: nanoseconds of CLOCK_MONOTONIC.
  [[nodiscard]] std::optional<LoadNews> read(std::int64_t now) const;

 private:
  std::atomic<std::uint64_t*> page_{nullptr};
  std::uint64_t device_ = 0;  // and inode, of what is mapped
  std::uint64_t inode_ = 0;
};

}  // namespace blastune
