// SPDX-License-Identifier: BSD-3-Clause
#include "base/kernel_file.h"

#include <algorithm>
#include <charconv>

#include "base/file_system.h"

namespace blastune {
namespace {

std::optional<int> parse_processor_number(std::string_view text) {
  int value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size() || text.empty()) return std::nullopt;
  if (value < 0 || value >= max_processor_number) return std::nullopt;
  return value;
}

}  // namespace

std::optional<std::string> read_kernel_file(const std::string& path, std::size_t limit) {
  RealFileSystem files;
  const auto fd = files.open_for_reading(path);
  if (!fd) return std::nullopt;
  // Such files have no size to ask for, so they are read until they end.
  constexpr std::size_t step = 4096;
  std::string text;
  while (text.size() < limit) {
    const std::size_t before = text.size();
    text.resize(std::min(limit, before + step));
    const auto count = files.read_some(fd->get(), std::span(text).subspan(before));
    if (!count) return std::nullopt;
    text.resize(before + *count);
    if (*count == 0) break;
  }
  return text;
}

std::string_view trim(std::string_view text) {
  constexpr std::string_view white = " \t\r\n";
  const auto first = text.find_first_not_of(white);
  if (first == std::string_view::npos) return {};
  return text.substr(first, text.find_last_not_of(white) - first + 1);
}

std::string_view take_until(std::string_view& rest, char separator) {
  const auto end = rest.find(separator);
  const std::string_view head = rest.substr(0, end);
  rest.remove_prefix(end == std::string_view::npos ? rest.size() : end + 1);
  return head;
}

std::optional<std::int64_t> parse_kernel_number(std::string_view text) {
  text = trim(text);
  std::int64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size() || text.empty()) return std::nullopt;
  return value;
}

std::optional<std::vector<int>> parse_processor_list(std::string_view text) {
  text = trim(text);
  std::vector<int> processors;
  while (!text.empty()) {
    const auto comma = text.find(',');
    const std::string_view range = text.substr(0, comma);
    const auto dash = range.find('-');
    const auto first = parse_processor_number(range.substr(0, dash));
    const auto last = dash == std::string_view::npos ? first : parse_processor_number(range.substr(dash + 1));
    if (!first || !last || *last < *first) return std::nullopt;
    // Ranges that overlap without end would otherwise ask for any amount of memory.
    if (processors.size() + static_cast<std::size_t>(*last - *first) >= max_processor_number)
      return std::nullopt;
    for (int processor = *first; processor <= *last; ++processor) processors.push_back(processor);
    if (comma == std::string_view::npos) break;
    text.remove_prefix(comma + 1);
    if (text.empty()) return std::nullopt;
  }
  std::sort(processors.begin(), processors.end());
  processors.erase(std::unique(processors.begin(), processors.end()), processors.end());
  return processors;
}

std::string format_processor_list(std::span<const int> processors) {
  std::string text;
  for (std::size_t first = 0; first < processors.size();) {
    std::size_t last = first;
    while (last + 1 < processors.size() && processors[last + 1] == processors[last] + 1) ++last;
    if (!text.empty()) text += ',';
    text += std::to_string(processors[first]);
    if (last > first) text += '-' + std::to_string(processors[last]);
    first = last + 1;
  }
  return text;
}

}  // namespace blastune
