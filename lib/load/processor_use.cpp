// SPDX-License-Identifier: BSD-3-Clause
#include "load/processor_use.h"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <utility>

#include "base/kernel_file.h"
#include "base/unique_fd.h"

namespace blastune {
namespace {

constexpr std::size_t piece_bytes = 4096;
constexpr int most_pieces = 256;  // a megabyte: more than ten thousand processors

std::string_view next_field(std::string_view& line) {
  line.remove_prefix(std::min(line.find_first_not_of(' '), line.size()));
  return take_until(line, ' ');
}

std::optional<std::int64_t> number(std::string_view text) {
  std::int64_t value = 0;
  const auto [end, problem] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (problem != std::errc() || end != text.data() + text.size() || value < 0) return std::nullopt;
  return value;
}

std::ptrdiff_t read_some(int fd, std::span<char> into) {
  std::ptrdiff_t got = 0;
  do {
    got = ::read(fd, into.data(), into.size());
  } while (got < 0 && errno == EINTR);
  return got;
}

}  // namespace

ProcessorSet ProcessorSet::of(std::span<const int> processors) {
  ProcessorSet set;
  for (const int processor : processors) {
    if (processor < 0) continue;
    const auto bit = static_cast<std::size_t>(processor);
    if (bit < size)
      set.words_.at(bit / 64) |= std::uint64_t{1} << (bit % 64);
    else
      set.beyond_ = true;
  }
  return set;
}

ProcessorSet ProcessorSet::allowed_by(std::span<const int> affinity, int online) {
  const bool is_everywhere = affinity.empty() || static_cast<int>(affinity.size()) >= std::max(online, 1);
  return is_everywhere ? all() : of(affinity);
}

bool ProcessorUseParser::feed(std::string_view piece) {
  while (!piece.empty() && !ended_) {
    const std::size_t end = piece.find('\n');
    const std::string_view part = piece.substr(0, end);
    const std::size_t fits = std::min(part.size(), line_.size() - length_);
    std::copy_n(part.begin(), fits, line_.begin() + static_cast<std::ptrdiff_t>(length_));
    length_ += fits;
    cut_ = cut_ || fits < part.size();
    if (end == std::string_view::npos) break;
    end_line();
    piece.remove_prefix(end + 1);
  }
  return !ended_;
}

// "cpu7 user nice system idle iowait irq softirq ...". The lines of processors are the first of the file.
void ProcessorUseParser::end_line() {
  std::string_view line(line_.data(), length_);
  length_ = 0;
  const bool cut = std::exchange(cut_, false);
  constexpr std::string_view word = "cpu";
  const std::string_view name = next_field(line);
  if (!name.starts_with(word)) {
    ended_ = true;
    return;
  }
  if (name == word) {
    failed_ = failed_ || cut || (want_all_ && !add(line));
    return;
  }
  const auto processor = number(name.substr(word.size()));
  failed_ = failed_ || cut || !processor;
  if (failed_ || !which_.contains(*processor)) return;
  ++use_.processors;
  if (!want_all_) failed_ = !add(line);
}

bool ProcessorUseParser::add(std::string_view fields) {
  std::array<std::int64_t, 7> ticks{};
  constexpr std::size_t always_there = 4;
  for (std::size_t i = 0; i < ticks.size(); ++i) {
    const std::string_view field = next_field(fields);
    if (field.empty() && i >= always_there) break;
    const auto value = number(field);
    if (!value) return false;
    ticks.at(i) = *value;
  }
  const auto [user, nice, system, idle, disk, interrupts, soft_interrupts] = ticks;
  for (const std::int64_t some : {user, nice, system, interrupts, soft_interrupts})
    use_.busy_seconds += static_cast<double>(some) * tick_seconds_;
  use_.nice_seconds += static_cast<double>(nice) * tick_seconds_;
  return true;
}

std::optional<ProcessorUse> ProcessorUseParser::use() {
  if (length_ > 0) end_line();
  if (failed_ || use_.processors == 0) return std::nullopt;
  return use_;
}

std::optional<ProcessorUse> read_processor_use(const char* path, const ProcessorSet& which) {
  const UniqueFd file(::open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK));
  if (!file.valid()) return std::nullopt;
  const long ticks = ::sysconf(_SC_CLK_TCK);
  ProcessorUseParser parser(which, 1.0 / static_cast<double>(ticks > 0 ? ticks : 100));
  std::array<char, piece_bytes> piece{};
  for (int i = 0; i < most_pieces; ++i) {
    const std::ptrdiff_t got = read_some(file.get(), piece);
    if (got < 0) return std::nullopt;
    if (got == 0 || !parser.feed({piece.data(), static_cast<std::size_t>(got)})) break;
  }
  return parser.use();
}

}  // namespace blastune
