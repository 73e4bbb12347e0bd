// SPDX-License-Identifier: BSD-3-Clause
#include "store/table_envelope.h"

#include <zlib.h>

#include <array>
#include <charconv>

#include "store/table_json.h"

namespace blastune {
namespace {

constexpr std::string_view opening = R"({"format":"blastune-table","version":)";

std::string checksum(std::string_view payload) {
  auto sum = crc32_z(0, reinterpret_cast<const Bytef*>(payload.data()), payload.size());
  std::string digits(8, '0');
  for (auto digit = digits.rbegin(); digit != digits.rend(); ++digit, sum >>= 4U) {
    *digit = "0123456789abcdef"[sum & 15U];
  }
  return digits;
}

Error no_table(std::string_view source) {
  return Error{ErrorKind::invalid_data, std::string(source) + " is not a blastune table",
               "name another file, or move this one out of the way"};
}

Error damaged(std::string_view source, std::string_view how) {
  return Error{ErrorKind::invalid_data, std::string(source) + " " + std::string(how),
               "run `blastune tune` to measure again; it replaces the file"};
}

}  // namespace

std::string table_envelope(std::string_view payload) {
  return std::string(opening) + std::to_string(table_format_version) + R"(,"crc32":")" + checksum(payload) +
         R"(","bytes":)" + std::to_string(payload.size()) + ",\n";
}

Result<void> check_table_envelope(std::string_view text, std::string_view source) {
  if (!text.starts_with(opening)) return no_table(source);
  // The version comes first: another one may have another envelope.
  const std::string_view rest = text.substr(opening.size());
  int version = 0;
  const auto [end, error] = std::from_chars(rest.data(), rest.data() + rest.size(), version);
  if (error != std::errc{}) return no_table(source);
  if (version != table_format_version) {
    return Error{ErrorKind::invalid_data,
                 std::string(source) + " has table format " + std::to_string(version) +
                     ", and this blastune reads format " + std::to_string(table_format_version),
                 "run `blastune tune` to measure again with this version"};
  }
  const auto newline = text.find('\n');
  if (newline == text.npos) return damaged(source, "is cut short");
  if (text.substr(0, newline + 1) != table_envelope(text.substr(newline + 1))) {
    return damaged(source, "is damaged: its checksum does not match");
  }
  return {};
}

}  // namespace blastune
