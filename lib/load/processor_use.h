// SPDX-License-Identifier: BSD-3-Clause
//
// What a process needs to see of the present load, read for little: some ten microseconds on a small machine,
// a few hundred on the largest, without allocating, so that a library may do it now and then inside
// somebody's program. Any thread. What cannot be read or understood is absent.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string_view>

namespace blastune {

// Processors by the kernel's number. Beyond the size, all are in it or none.
class ProcessorSet {
 public:
  static constexpr int size = 1024;

  static constexpr ProcessorSet all() {
    ProcessorSet set;
    set.words_.fill(~std::uint64_t{0});
    set.beyond_ = true;
    return set;
  }
  static ProcessorSet of(std::span<const int> processors);
  // Where a thread of that affinity may run: all, when it is not bound or its affinity is not known.
  // online: of the machine; 0 when unknown.
  static ProcessorSet allowed_by(std::span<const int> affinity, int online);
  [[nodiscard]] bool is_all() const { return *this == all(); }

  [[nodiscard]] constexpr bool contains(std::int64_t processor) const {
    if (processor < 0) return false;
    if (processor >= size) return beyond_;
    const auto number = static_cast<std::size_t>(processor);
    return (words_.at(number / 64) >> (number % 64) & 1U) != 0;
  }

  bool operator==(const ProcessorSet&) const = default;

 private:
  std::array<std::uint64_t, size / 64> words_{};
  bool beyond_ = false;
};

// Of some processors together, since some start.
struct ProcessorUse {
  int processors = 0;       // of these, online
  double busy_seconds = 0;  // running programs or the kernel; waiting for a disk is idle
  double nice_seconds = 0;  // of these, for programs that yield to others
};

// From the text of /proc/stat, given in pieces that may end anywhere. What the kernel rounds off it rounds
// off once a line, so all processors are read from their common line.
class ProcessorUseParser {
 public:
  // tick_seconds: what the kernel counts in.
  ProcessorUseParser(const ProcessorSet& which, double tick_seconds)
      : which_(which), want_all_(which.is_all()), tick_seconds_(tick_seconds) {}

  // False when no line of a processor can follow any more.
  bool feed(std::string_view piece);
  // Nothing when there was no processor, or a line that was not understood.
  [[nodiscard]] std::optional<ProcessorUse> use();

 private:
  void end_line();
  bool add(std::string_view fields);

  const ProcessorSet& which_;
  bool want_all_;
  double tick_seconds_;
  ProcessorUse use_;
  std::array<char, 256> line_{};
  std::size_t length_ = 0;
  bool cut_ = false;  // the line is longer
  bool ended_ = false;
  bool failed_ = false;
};

// path: /proc/stat, but for tests.
[[nodiscard]] std::optional<ProcessorUse> read_processor_use(const char* path, const ProcessorSet& which);

}  // namespace blastune
