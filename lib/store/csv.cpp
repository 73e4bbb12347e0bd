// SPDX-License-Identifier: BSD-3-Clause
#include "store/csv.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <exception>

#include "base/atomic_file.h"
#include "base/parse.h"
#include "base/trusted_file.h"
#include "store/gzip.h"
#include "store/table_limits.h"

namespace blastune {
namespace {

constexpr std::size_t max_stored_bytes = 64U << 20U;
constexpr std::size_t max_text_bytes = 1U << 30U;
constexpr std::size_t max_rows = 10'000'000;
constexpr std::size_t max_columns = 64;
constexpr std::size_t max_line_bytes = 4096;
constexpr double max_seconds = 3600;

enum class Column : std::uint8_t { dtype, m, n, k, threads, seconds, transpose, other };
constexpr std::size_t required_columns = 6;
constexpr std::array<std::string_view, 7> column_names{"dtype",   "m",       "n",        "k",
                                                       "threads", "seconds", "transpose"};

std::string_view trimmed(std::string_view text) {
  const auto first = text.find_first_not_of(" \t");
  if (first == text.npos) return {};
  return text.substr(first, text.find_last_not_of(" \t") - first + 1);
}

// Takes a text in pieces of any size and turns its lines into measurements.
class LineReader {
 public:
  explicit LineReader(std::string_view source) : source_(source) {}

  Result<void> take(std::string_view piece) {
    while (!piece.empty()) {
      const auto newline = piece.find('\n');
      line_ += piece.substr(0, newline);
      if (line_.size() > max_line_bytes) {
        ++line_number_;
        return at_line("longer than " + std::to_string(max_line_bytes) + " bytes");
      }
      if (newline == piece.npos) return {};
      if (auto done = finish_line(); !done) return done;
      piece.remove_prefix(newline + 1);
    }
    return {};
  }

  Result<std::vector<Measurement>> finish() {
    if (!line_.empty()) {
      if (auto done = finish_line(); !done) return done.error();
    }
    if (columns_.empty()) {
      line_number_ = 1;
      return at_line("no header; it must name the columns");
    }
    return std::move(measurements_);
  }

 private:
  [[nodiscard]] Error at_line(const std::string& what) const {
    return Error{ErrorKind::invalid_data, source_ + ", line " + std::to_string(line_number_) + ": " + what,
                 "recorded measurements have a header and rows of dtype,m,n,k,threads,seconds"};
  }

  Result<void> finish_line() {
    ++line_number_;
    std::string_view line = line_;
    if (line.ends_with('\r')) line.remove_suffix(1);
    Result<void> done;
    if (!trimmed(line).empty()) {
      split(line);
      done = columns_.empty() ? take_header() : take_row();
    }
    line_.clear();
    return done;
  }

  void split(std::string_view line) {
    fields_.clear();
    for (;;) {
      const auto comma = line.find(',');
      fields_.push_back(trimmed(line.substr(0, comma)));
      if (comma == line.npos) return;
      line.remove_prefix(comma + 1);
    }
  }

  Result<void> take_header() {
    if (fields_.size() > max_columns) return at_line("more than " + std::to_string(max_columns) + " columns");
    std::array<bool, column_names.size()> present{};
    for (const auto field : fields_) {
      const auto found = std::ranges::find(column_names, field);
      const auto index = static_cast<std::size_t>(found - column_names.begin());
      columns_.push_back(static_cast<Column>(index));
      if (found == column_names.end()) continue;
      if (present[index]) return at_line("two columns " + in_quotes(field));
      present[index] = true;
    }
    for (std::size_t i = 0; i < required_columns; ++i) {
      if (present[i]) continue;
      std::string header;
      for (const auto field : fields_) header += (header.empty() ? "" : ",") + std::string(field);
      return at_line("no column " + in_quotes(column_names[i]) + " in the header " + in_quotes(header) +
                     ", which has plain names between commas");
    }
    return {};
  }

  Result<void> take_row() {
    if (fields_.size() != columns_.size()) {
      return at_line(std::to_string(fields_.size()) + " fields, and the header has " +
                     std::to_string(columns_.size()));
    }
    if (measurements_.size() == max_rows) return at_line("more than " + std::to_string(max_rows) + " rows");
    Measurement measurement;
    for (std::size_t i = 0; i < fields_.size(); ++i) {
      if (auto taken = take_field(measurement, columns_[i], fields_[i]); !taken)
        return at_line(taken.error().what);
    }
    measurements_.push_back(measurement);
    return {};
  }

  static Result<void> take_size(std::int64_t& size, std::string_view field, std::string_view what) {
    const auto value = parse_integer(field, 1, max_dimension, what);
    if (!value) return value.error();
    size = *value;
    return {};
  }

  static Result<void> take_field(Measurement& measurement, Column column, std::string_view field) {
    Gemm& gemm = measurement.gemm;
    switch (column) {
      case Column::dtype: {
        const auto dtype = dtype_from_name(field);
        if (!dtype)
          return Error{
              ErrorKind::invalid_data, "dtype: " + in_quotes(field) + " is not f32, f64, c64 or c128", {}};
        gemm.dtype = *dtype;
        return {};
      }
      case Column::m:
        return take_size(gemm.m, field, "m");
      case Column::n:
        return take_size(gemm.n, field, "n");
      case Column::k:
        return take_size(gemm.k, field, "k");
      case Column::threads: {
        const auto threads = parse_integer(field, 1, table_limits::threads, "threads");
        if (!threads) return threads.error();
        measurement.threads = static_cast<int>(*threads);
        return {};
      }
      case Column::seconds: {
        const auto seconds = parse_number(field, 0, max_seconds, "seconds");
        if (!seconds) return seconds.error();
        if (*seconds == 0) return Error{ErrorKind::invalid_data, "seconds: 0 is no time", {}};
        measurement.seconds = *seconds;
        return {};
      }
      case Column::transpose:
        return set_transposes(gemm, field);
      case Column::other:
        return {};
    }
    return {};
  }

  std::string source_;
  std::string line_;  // what is there of the present line
  std::size_t line_number_ = 0;
  std::vector<Column> columns_;
  std::vector<std::string_view> fields_;
  std::vector<Measurement> measurements_;
};

void append_number(std::string& text, double value) {
  std::array<char, 32> digits{};
  const auto end =
      std::to_chars(digits.data(), digits.data() + digits.size(), value, std::chars_format::general, 9).ptr;
  text.append(digits.data(), end);
}

}  // namespace

Result<std::vector<Measurement>> parse_measurements(std::string_view text, std::string_view source) {
  LineReader reader(source);
  if (auto taken = reader.take(text); !taken) return taken.error();
  return reader.finish();
}

Result<std::vector<Measurement>> read_measurements(FileSystem& files, const std::string& path) {
  const auto bytes = read_file(files, path, max_stored_bytes);
  if (!bytes) return bytes.error();
  if (!is_gzip(*bytes)) return parse_measurements(*bytes, path);
  LineReader reader(path);
  bool text_is_wrong = false;
  const auto unpacked = unpack_gzip(*bytes, max_text_bytes, [&](std::string_view piece) {
    auto taken = reader.take(piece);
    text_is_wrong = !taken.ok();
    return taken;
  });
  if (!unpacked) {
    auto error = unpacked.error();
    if (!text_is_wrong) error.what = path + ": " + error.what;  // the reader's own errors name the file
    return error;
  }
  return reader.finish();
}

std::string format_measurements(const std::vector<Measurement>& measurements) {
  std::string text = "dtype,transpose,m,n,k,threads,seconds\n";
  for (const auto& [gemm, threads, seconds] : measurements) {
    text.append(name(gemm.dtype)).append(",").append(transpose_letters(gemm)).append(",");
    for (const auto size : {gemm.m, gemm.n, gemm.k, static_cast<std::int64_t>(threads)}) {
      text.append(std::to_string(size)).append(",");
    }
    append_number(text, seconds);
    text += '\n';
  }
  return text;
}

Result<void> write_measurements(FileSystem& files, const std::string& path,
                                const std::vector<Measurement>& measurements) {
  auto text = format_measurements(measurements);
  if (path.ends_with(".gz")) {
    auto packed = pack_gzip(text);
    if (!packed) return packed.error();
    text = std::move(*packed);
  }
  return replace_file(files, path, text);
}

}  // namespace blastune
