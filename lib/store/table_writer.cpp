// SPDX-License-Identifier: BSD-3-Clause
#include <array>
#include <charconv>
#include <cmath>
#include <optional>

#include "base/parse.h"
#include "store/table_envelope.h"
#include "store/table_json.h"
#include "store/table_limits.h"
#include "store/utf8.h"

namespace blastune {
namespace {

// Appends JSON to a text. The first thing that cannot be written is kept; everything after it is void.
class Writer {
 public:
  void raw(std::string_view text) { text_ += text; }

  void integer(std::int64_t value) {
    std::array<char, 24> digits{};
    const auto end = std::to_chars(digits.data(), digits.data() + digits.size(), value).ptr;
    text_.append(digits.data(), end);
  }

  void integer(std::int64_t value, std::int64_t low, std::int64_t high, std::string_view what) {
    if (value < low || value > high) {
      fail(std::string(what) + " is " + std::to_string(value) + ", outside " + std::to_string(low) + " to " +
           std::to_string(high));
      return;
    }
    integer(value);
  }

  // A duration in whole units. What is above zero stays above zero.
  // As a whole number of smaller units.
  void scaled(double value, double units, std::int64_t low, std::int64_t high, std::string_view what) {
    const double scaled = value * units;
    // Written so that not-a-number fails too.
    if (!(scaled >= 0 && scaled <= static_cast<double>(high)) || (low > 0 && scaled <= 0)) {
      fail(std::string(what) + " is out of range");
      return;
    }
    integer(std::max(low, static_cast<std::int64_t>(std::llround(scaled))));
  }

  void string(std::string_view value, std::string_view what) {
    if (value.size() > table_limits::text_bytes) return fail(std::string(what) + " is too long");
    if (!is_utf8(value)) return fail(std::string(what) + " is not UTF-8: " + in_quotes(value));
    text_ += '"';
    for (const char c : value) {
      if (c == '"' || c == '\\') {
        text_ += '\\';
        text_ += c;
      } else if (static_cast<unsigned char>(c) < 0x20) {
        constexpr std::string_view digits = "0123456789abcdef";
        text_ += "\\u00";
        text_ += digits[static_cast<unsigned char>(c) >> 4U];
        text_ += digits[static_cast<unsigned char>(c) & 15U];
      } else {
        text_ += c;
      }
    }
    text_ += '"';
  }

  void fail(std::string what) {
    if (!failure_) failure_ = std::move(what);
  }
  [[nodiscard]] const std::optional<std::string>& failure() const { return failure_; }
  [[nodiscard]] const std::string& text() const { return text_; }

 private:
  std::string text_;
  std::optional<std::string> failure_;
};

void write_machine(Writer& out, const MachineSignature& machine) {
  out.raw(R"("machine":{"cpu_model":)");
  out.string(machine.cpu_model, "cpu_model");
  out.raw(R"(,"processors":)");
  out.integer(machine.processors, 0, table_limits::processors, "processors");
  out.raw(R"(,"numa_nodes":)");
  out.integer(machine.numa_nodes, 0, table_limits::numa_nodes, "numa_nodes");
  out.raw(R"(,"last_level_cache_bytes":)");
  out.integer(machine.last_level_cache_bytes, 0, table_limits::cache_bytes, "last_level_cache_bytes");
  out.raw("}");
}

void write_build(Writer& out, const Build& build) {
  out.raw(R"("build":{"version":[)");
  out.integer(build.version.major, 0, table_limits::version_part, "version");
  out.raw(",");
  out.integer(build.version.minor, 0, table_limits::version_part, "version");
  out.raw(",");
  out.integer(build.version.patch, 0, table_limits::version_part, "version");
  out.raw(R"(],"config":)");
  out.string(build.config, "config");
  out.raw(R"(,"core_name":)");
  out.string(build.core_name, "core_name");
  out.raw(R"(,"threading":)");
  out.string(name(build.threading), "threading");
  out.raw(R"(,"integer_bits":)");
  if (build.integer_bits != 32 && build.integer_bits != 64) out.fail("integer_bits is neither 32 nor 64");
  out.integer(build.integer_bits);
  out.raw(R"(,"prefix":)");
  out.string(build.prefix, "prefix");
  out.raw(R"(,"suffix":)");
  out.string(build.suffix, "suffix");
  out.raw(R"(,"max_threads":)");
  out.integer(build.max_threads, 1, table_limits::processors, "max_threads");
  out.raw(R"(,"build_id":)");
  out.string(build.build_id, "build_id");
  // A path may hold any bytes; it is not part of the identity, so a likeness of it will do.
  out.raw(R"(,"path":)");
  out.string(is_utf8(build.path) ? build.path : in_quotes(build.path), "path");
  out.raw("}");
}

// Zeroes where all is of one occasion.
void write_gains(Writer& out, const Moments& gains) {
  out.integer(gains.count(), 0, table_limits::occasions, "occasions of a curve");
  out.raw(",");
  out.scaled(gains.count() == 0 ? 0 : std::exp(gains.mean()), 1e6, gains.count() == 0 ? 0 : 1,
             table_limits::gain_millionths, "a gain");
  out.raw(",");
  out.scaled(gains.standard_deviation(), 1e6, 0, table_limits::spread_millionths, "a spread of gains");
}

void write_curve(Writer& out, const Curve& curve) {
  out.raw("[");
  out.integer(curve.gemm.m, 1, max_dimension, "m");
  out.raw(",");
  out.integer(curve.gemm.n, 1, max_dimension, "n");
  out.raw(",");
  out.integer(curve.gemm.k, 1, max_dimension, "k");
  out.raw(",");
  out.integer(curve.disturbed, 0, table_limits::disturbed, "disturbed");
  out.raw(",");
  write_gains(out, curve.gains);
  for (const auto& point : curve.points) {
    out.raw(",");
    out.integer(point.threads, 1, table_limits::threads, "threads");
    out.raw(",");
    out.scaled(point.seconds.mean(), 1e12, 1, table_limits::picoseconds, "a mean time");
    out.raw(",");
    out.scaled(point.seconds.standard_deviation(), 1e12, 0, table_limits::picoseconds,
               "a standard deviation");
    out.raw(",");
    out.integer(point.seconds.count(), 1, table_limits::bursts, "bursts");
  }
  out.raw("]");
}

bool same_group(const Gemm& a, const Gemm& b) {
  return a.dtype == b.dtype && a.trans_a == b.trans_a && a.trans_b == b.trans_b;
}

void write_curves(Writer& out, const std::vector<Curve>& curves) {
  out.raw("\"groups\":[");
  const Curve* previous = nullptr;
  for (const auto& curve : curves) {
    if (curve.points.empty()) continue;
    if (previous != nullptr && same_group(previous->gemm, curve.gemm)) {
      out.raw(",\n");
    } else {
      out.raw(previous == nullptr ? "\n" : "\n]},\n");
      out.raw(R"({"dtype":)");
      out.string(name(curve.gemm.dtype), "dtype");
      out.raw(R"(,"transpose":)");
      out.string(transpose_letters(curve.gemm), "transpose");
      out.raw(",\"curves\":[\n");
    }
    write_curve(out, curve);
    previous = &curve;
  }
  out.raw(previous == nullptr ? "]" : "\n]}\n]");
}

void write_table(Writer& out, const Table& table) {
  out.raw("{");
  write_machine(out, table.machine);
  out.raw(",\n");
  write_build(out, table.build);
  out.raw(",\n\"default_threads\":");
  out.integer(table.default_threads, 1, table_limits::threads, "default_threads");
  out.raw(R"(,"measured_unix":)");
  out.integer(table.measured_unix, 0, table_limits::unix_seconds, "measured_unix");
  out.raw(R"(,"checked_unix":)");
  out.integer(table.checked_unix, 0, table_limits::unix_seconds, "checked_unix");
  out.raw(R"(,"spent_milliseconds":)");
  out.scaled(table.spent_seconds, 1e3, 0, table_limits::spent_milliseconds, "spent_seconds");
  out.raw(R"(,"occasions":)");
  out.integer(table.occasions, 1, table_limits::occasions, "occasions");
  out.raw(R"(,"tolerance_millionths":)");
  out.scaled(table.tolerance, 1e6, 0, table_limits::tolerance_millionths, "tolerance");
  out.raw(",\n");
  write_curves(out, table.curves);
  out.raw("}");
}

}  // namespace

Result<std::string> write_tables(const Tables& tables) {
  Writer out;
  out.raw("\"tables\":[");
  for (const auto& table : tables) {
    out.raw(&table == tables.data() ? "\n" : ",\n");
    write_table(out, table);
  }
  out.raw("\n]}\n");
  if (out.failure()) {
    return Error{ErrorKind::invalid_data, "the table cannot be written: " + *out.failure(),
                 "report this as a defect of blastune, with the output of `blastune doctor`"};
  }
  std::string text = table_envelope(out.text()) + out.text();
  // Order, repetition and size are judged where they are judged for every table.
  if (auto readable = read_tables(text, "the new table"); !readable) {
    auto error = readable.error();
    error.remedy = "report this as a defect of blastune, with the output of `blastune doctor`";
    return error;
  }
  return text;
}

}  // namespace blastune
