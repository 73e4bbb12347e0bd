// SPDX-License-Identifier: BSD-3-Clause
#include <array>
#include <cmath>
#include <exception>
#include <nlohmann/json.hpp>
#include <span>
#include <utility>

#include "base/parse.h"
#include "store/json_cursor.h"
#include "store/table_envelope.h"
#include "store/table_json.h"
#include "store/table_limits.h"

namespace blastune {
namespace {

namespace limits = table_limits;

// Where in the text the reader is. Each place has one parent, so a place is also its whole path, and nothing
// can nest deeper than this.
enum class Place : std::uint8_t {
  outside,
  file,
  tables,
  table,
  machine,
  build,
  version,
  groups,
  group,
  curves,
  row
};
constexpr std::size_t place_count = 11;

constexpr Place parent(Place place) {
  constexpr std::array<Place, place_count> parents{
      Place::outside, Place::outside, Place::file,   Place::tables, Place::table, Place::table,
      Place::build,   Place::table,   Place::groups, Place::group,  Place::curves};
  return parents[static_cast<std::size_t>(place)];
}

enum class Kind : std::uint8_t { integer, text, array, object };

enum class Id : std::uint8_t {
  envelope,  // judged before, as text
  tables,
  machine,
  build,
  groups,
  curves,
  default_threads,
  measured_unix,
  checked_unix,
  spent_milliseconds,
  tolerance_millionths,
  occasions,
  cpu_model,
  processors,
  numa_nodes,
  last_level_cache_bytes,
  version,
  config,
  core_name,
  threading,
  integer_bits,
  prefix,
  suffix,
  max_threads,
  build_id,
  path,
  dtype,
  transpose,
};

struct Key {
  Place place;  // the object it stands in
  std::string_view name;
  Id id;
  Kind kind;
  std::int64_t low = 0;  // of an integer
  std::int64_t high = 0;
  Place opens = Place::outside;  // of an array or object
};

// Every key there is.
constexpr std::array keys{
    Key{Place::file, "format", Id::envelope, Kind::text},
    Key{Place::file, "version", Id::envelope, Kind::integer, 1, table_format_version},
    Key{Place::file, "crc32", Id::envelope, Kind::text},
    Key{Place::file, "bytes", Id::envelope, Kind::integer, 0, std::int64_t{max_table_bytes}},
    Key{Place::file, "tables", Id::tables, Kind::array, 0, 0, Place::tables},
    Key{Place::table, "machine", Id::machine, Kind::object, 0, 0, Place::machine},
    Key{Place::table, "build", Id::build, Kind::object, 0, 0, Place::build},
    Key{Place::table, "default_threads", Id::default_threads, Kind::integer, 1, limits::threads},
    Key{Place::table, "measured_unix", Id::measured_unix, Kind::integer, 0, limits::unix_seconds},
    Key{Place::table, "checked_unix", Id::checked_unix, Kind::integer, 0, limits::unix_seconds},
    Key{Place::table, "spent_milliseconds", Id::spent_milliseconds, Kind::integer, 0,
        limits::spent_milliseconds},
    Key{Place::table, "tolerance_millionths", Id::tolerance_millionths, Kind::integer, 0,
        limits::tolerance_millionths},
    Key{Place::table, "occasions", Id::occasions, Kind::integer, 1, limits::occasions},
    Key{Place::table, "groups", Id::groups, Kind::array, 0, 0, Place::groups},
    Key{Place::machine, "cpu_model", Id::cpu_model, Kind::text},
    Key{Place::machine, "processors", Id::processors, Kind::integer, 0, limits::processors},
    Key{Place::machine, "numa_nodes", Id::numa_nodes, Kind::integer, 0, limits::numa_nodes},
    Key{Place::machine, "last_level_cache_bytes", Id::last_level_cache_bytes, Kind::integer, 0,
        limits::cache_bytes},
    Key{Place::build, "version", Id::version, Kind::array, 0, 0, Place::version},
    Key{Place::build, "config", Id::config, Kind::text},
    Key{Place::build, "core_name", Id::core_name, Kind::text},
    Key{Place::build, "threading", Id::threading, Kind::text},
    Key{Place::build, "integer_bits", Id::integer_bits, Kind::integer, 32, 64},
    Key{Place::build, "prefix", Id::prefix, Kind::text},
    Key{Place::build, "suffix", Id::suffix, Kind::text},
    Key{Place::build, "max_threads", Id::max_threads, Kind::integer, 1, limits::processors},
    Key{Place::build, "build_id", Id::build_id, Kind::text},
    Key{Place::build, "path", Id::path, Kind::text},
    Key{Place::group, "dtype", Id::dtype, Kind::text},
    Key{Place::group, "transpose", Id::transpose, Kind::text},
    Key{Place::group, "curves", Id::curves, Kind::array, 0, 0, Place::curves},
};

constexpr std::size_t row_head = 7;     // m, n, k, disturbed, occasions and mean and spread of their gains
constexpr std::size_t point_width = 4;  // threads, mean, standard deviation, bursts

// Takes nlohmann's events one by one and builds tables from them; no document is kept in between.
class TableHandler {
 public:
  explicit TableHandler(JsonCursor& cursor) : cursor_(cursor), begin_(cursor.at) {}

  [[nodiscard]] const std::string& failure() const { return failure_; }
  [[nodiscard]] Tables take() { return std::move(tables_); }

  // The events; false ends the parse.
  bool null() { return fail("null"); }
  bool boolean(bool /*value*/) { return fail("a truth value"); }
  bool number_integer(std::int64_t value) { return fail(std::to_string(value)); }
  bool number_float(double /*value*/, const std::string& text) { return fail(in_quotes(text)); }
  bool binary(const std::vector<std::uint8_t>& /*value*/) { return fail("binary data"); }

  bool number_unsigned(std::uint64_t value) {
    if (key_ == nullptr || key_->kind != Kind::integer) return fail(std::to_string(value));
    if (value > static_cast<std::uint64_t>(key_->high) || value < static_cast<std::uint64_t>(key_->low)) {
      return fail(std::to_string(value));
    }
    return take_integer(std::exchange(key_, nullptr)->id, static_cast<std::int64_t>(value));
  }

  bool string(std::string& value) {
    if (key_ == nullptr || key_->kind != Kind::text || value.size() > limits::text_bytes ||
        value.find('\0') != std::string::npos) {
      return fail(in_quotes(value));
    }
    if (!take_text(key_->id, value)) return fail(in_quotes(value));
    key_ = nullptr;
    return true;
  }

  bool start_object(std::size_t /*count*/) {
    if (place_ == Place::outside) return enter(Place::file);
    if (place_ == Place::tables) {
      if (tables_.size() == limits::tables) return fail("one table too many");
      table_ = Table{};
      return enter(Place::table);
    }
    if (place_ == Place::groups) {
      group_begin_ = table_.curves.size();
      group_ = Gemm{};
      return enter(Place::group);
    }
    if (key_ != nullptr && key_->kind == Kind::object) return enter(std::exchange(key_, nullptr)->opens);
    return fail("an object");
  }

  bool key(std::string& text) {
    for (std::size_t i = 0; i < keys.size(); ++i) {
      if (keys[i].place != place_ || keys[i].name != text) continue;
      const std::uint32_t bit = 1U << i;
      if ((seen_ & bit) != 0) return fail("a second " + in_quotes(text));
      seen_ |= bit;
      key_ = &keys[i];
      return true;
    }
    return fail("the unknown key " + in_quotes(text));
  }

  bool end_object() {
    for (std::size_t i = 0; i < keys.size(); ++i) {
      if (keys[i].place != place_) continue;
      const std::uint32_t bit = 1U << i;
      if ((seen_ & bit) == 0) return fail("no " + in_quotes(keys[i].name));
      seen_ &= ~bit;  // for the next object of this kind
    }
    if (place_ == Place::group && !finish_group()) return false;
    if (place_ == Place::table && !finish_table()) return false;
    place_ = parent(place_);
    return true;
  }

  bool start_array(std::size_t /*count*/) {
    if (place_ == Place::curves) return enter(Place::row) && take_numbers();
    if (key_ == nullptr || key_->kind != Kind::array) return fail("an array");
    enter(std::exchange(key_, nullptr)->opens);
    return place_ != Place::version || take_numbers();
  }

  bool end_array() {
    if (place_ == Place::row && !finish_curve()) return false;
    if (place_ == Place::version && !finish_version()) return false;
    place_ = parent(place_);
    return true;
  }

  bool parse_error(std::size_t /*position*/, const std::string& /*token*/,
                   const nlohmann::detail::exception& /*why*/) {
    failure_ = "it is not JSON before byte " + std::to_string(cursor_.at - begin_);
    return false;
  }

 private:
  static constexpr std::size_t longest_row =
      row_head + point_width * static_cast<std::size_t>(limits::threads);

  bool enter(Place place) {
    place_ = place;
    return true;
  }

  // Nearly all of a table is rows of numbers, and the parser, going by single characters and events, would
  // spend twice the time that loading may take on them alone. It goes on at the closing bracket.
  bool take_numbers() {
    numbers_.clear();
    return take_whole_numbers(cursor_, longest_row, numbers_) || fail("something else than whole numbers");
  }

  bool fail(const std::string& what) {
    constexpr std::array<std::string_view, place_count> names{"the file", "the file", "tables",  "a table",
                                                              "machine",  "build",    "version", "groups",
                                                              "a group",  "curves",   "a curve"};
    failure_ = what + " in " + std::string(names[static_cast<std::size_t>(place_)]);
    if (key_ != nullptr) failure_ += " for " + in_quotes(key_->name);
    failure_ += " is not as it must be";
    return false;
  }

  bool take_integer(Id id, std::int64_t value) {
    const auto narrow = static_cast<int>(value);  // bounded by its key where it matters
    switch (id) {
      case Id::default_threads:
        table_.default_threads = narrow;
        return true;
      case Id::measured_unix:
        table_.measured_unix = value;
        return true;
      case Id::checked_unix:
        table_.checked_unix = value;
        return true;
      case Id::spent_milliseconds:
        table_.spent_seconds = static_cast<double>(value) / 1e3;
        return true;
      case Id::tolerance_millionths:
        table_.tolerance = static_cast<double>(value) / 1e6;
        return true;
      case Id::occasions:
        table_.occasions = narrow;
        return true;
      case Id::processors:
        table_.machine.processors = narrow;
        return true;
      case Id::numa_nodes:
        table_.machine.numa_nodes = narrow;
        return true;
      case Id::last_level_cache_bytes:
        table_.machine.last_level_cache_bytes = value;
        return true;
      case Id::integer_bits:
        if (value != 32 && value != 64) return fail("integer_bits " + std::to_string(value));
        table_.build.integer_bits = narrow;
        return true;
      case Id::max_threads:
        table_.build.max_threads = narrow;
        return true;
      default:
        return true;
    }
  }

  bool take_text(Id id, std::string& value) {
    switch (id) {
      case Id::cpu_model:
        table_.machine.cpu_model = std::move(value);
        return true;
      case Id::config:
        table_.build.config = std::move(value);
        return true;
      case Id::core_name:
        table_.build.core_name = std::move(value);
        return true;
      case Id::prefix:
        table_.build.prefix = std::move(value);
        return true;
      case Id::suffix:
        table_.build.suffix = std::move(value);
        return true;
      case Id::build_id:
        table_.build.build_id = std::move(value);
        return true;
      case Id::path:
        table_.build.path = std::move(value);
        return true;
      case Id::threading: {
        const auto threading = threading_from_name(value);
        if (threading) table_.build.threading = *threading;
        return threading.has_value();
      }
      case Id::dtype: {
        const auto dtype = dtype_from_name(value);
        if (dtype) group_.dtype = *dtype;
        return dtype.has_value();
      }
      case Id::transpose:
        // The letters must be those that are written, not their small forms.
        return set_transposes(group_, value).ok() && transpose_letters(group_) == value;
      default:
        return true;
    }
  }

  bool finish_version() {
    if (numbers_.size() != 3) return fail("a list of " + std::to_string(numbers_.size()));
    for (const auto part : numbers_) {
      if (part > static_cast<std::uint64_t>(limits::version_part)) return fail(std::to_string(part));
    }
    table_.build.version = {static_cast<int>(numbers_[0]), static_cast<int>(numbers_[1]),
                            static_cast<int>(numbers_[2])};
    return true;
  }

  static bool within(std::uint64_t value, std::int64_t low, std::int64_t high) {
    return value >= static_cast<std::uint64_t>(low) && value <= static_cast<std::uint64_t>(high);
  }

  bool finish_curve() {
    const std::span<const std::uint64_t> row(numbers_);
    if (row.size() < row_head + point_width || (row.size() - row_head) % point_width != 0) {
      return fail("a row of " + std::to_string(row.size()) + " numbers");
    }
    if (curve_count_++ == limits::curves) return fail("one curve too many");
    for (std::size_t i = 0; i < 3; ++i) {
      if (!within(row[i], 1, max_dimension)) return fail("the size " + std::to_string(row[i]));
    }
    if (!within(row[3], 0, limits::disturbed)) return fail("the count " + std::to_string(row[3]));

    Curve& curve = table_.curves.emplace_back();
    curve.gemm.m = static_cast<std::int64_t>(row[0]);
    curve.gemm.n = static_cast<std::int64_t>(row[1]);
    curve.gemm.k = static_cast<std::int64_t>(row[2]);
    curve.disturbed = static_cast<std::int64_t>(row[3]);
    if (!take_gains(curve, row.subspan(4, 3))) return false;
    curve.points.reserve((row.size() - row_head) / point_width);
    for (auto rest = row.subspan(row_head); !rest.empty(); rest = rest.subspan(point_width)) {
      if (!add_point(curve, rest)) return false;
    }
    return true;
  }

  // All are zero where everything is of one occasion.
  bool take_gains(Curve& curve, std::span<const std::uint64_t> gains) {
    const auto occasions = gains[0];
    const auto mean = gains[1];
    const auto deviation = gains[2];
    const bool has_any = occasions > 0;
    if (!within(occasions, 0, limits::occasions)) return fail("the count " + std::to_string(occasions));
    if (!within(mean, has_any ? 1 : 0, has_any ? limits::gain_millionths : 0))
      return fail("the gain " + std::to_string(mean));
    // One occasion has no spread.
    if (!within(deviation, 0, occasions > 1 ? limits::spread_millionths : 0))
      return fail("the spread of gains " + std::to_string(deviation));
    if (has_any) {
      curve.gains = Moments::from_summary(static_cast<std::int64_t>(occasions),
                                          std::log(static_cast<double>(mean) / 1e6),
                                          static_cast<double>(deviation) / 1e6);
    }
    return true;
  }

  bool add_point(Curve& curve, std::span<const std::uint64_t> point) {
    const auto threads = point[0];
    const auto mean = point[1];
    const auto deviation = point[2];
    const auto bursts = point[3];
    const int previous = curve.points.empty() ? 0 : curve.points.back().threads;
    if (!within(threads, previous + 1, limits::threads))
      return fail("the thread count " + std::to_string(threads));
    if (!within(mean, 1, limits::picoseconds)) return fail("the time " + std::to_string(mean));
    if (!within(bursts, 1, limits::bursts)) return fail("the burst count " + std::to_string(bursts));
    // One burst has no spread.
    if (!within(deviation, 0, bursts == 1 ? 0 : limits::picoseconds)) {
      return fail("the standard deviation " + std::to_string(deviation));
    }
    curve.points.push_back(
        {static_cast<int>(threads),
         Moments::from_summary(static_cast<std::int64_t>(bursts), static_cast<double>(mean) / 1e12,
                               static_cast<double>(deviation) / 1e12)});
    return true;
  }

  // The group's keys may come in any order, so its curves get their dtype and transposes now.
  bool finish_group() {
    auto& curves = table_.curves;
    if (group_begin_ == curves.size()) return fail("no curve");
    for (auto i = group_begin_; i < curves.size(); ++i) {
      curves[i].gemm.dtype = group_.dtype;
      curves[i].gemm.trans_a = group_.trans_a;
      curves[i].gemm.trans_b = group_.trans_b;
      if (i > 0 && !(curves[i - 1].gemm < curves[i].gemm)) {
        return fail(describe(curves[i].gemm) + " after " + describe(curves[i - 1].gemm));
      }
    }
    return true;
  }

  bool finish_table() {
    if (find_table(tables_, table_.machine, table_.build) != nullptr) {
      return fail("a second table of the same machine and build");
    }
    tables_.push_back(std::move(table_));
    return true;
  }

  JsonCursor& cursor_;
  const char* begin_;
  Place place_ = Place::outside;
  const Key* key_ = nullptr;  // whose value comes next
  std::uint32_t seen_ = 0;    // a bit for each of keys, in the objects that are open
  std::vector<std::uint64_t> numbers_;
  std::size_t curve_count_ = 0;
  std::size_t group_begin_ = 0;
  Gemm group_;
  Table table_;
  Tables tables_;
  std::string failure_;
};
static_assert(keys.size() <= 32, "seen_ has a bit for each key");

Error damaged(std::string_view source, const std::string& how) {
  return Error{ErrorKind::invalid_data, std::string(source) + " is not a valid table: " + how,
               "run `blastune tune` to measure again; it replaces the file"};
}

}  // namespace

Result<Tables> read_tables(std::string_view text, std::string_view source) try {
  if (text.size() > max_table_bytes) {
    return damaged(source, "it is larger than " + std::to_string(max_table_bytes) + " bytes");
  }
  if (auto whole = check_table_envelope(text, source); !whole) return whole.error();
  // The parser takes a zero byte for the end of the text, whatever follows.
  if (text.find('\0') != text.npos) return damaged(source, "it has a zero byte");
  JsonCursor cursor{text.data(), text.data() + text.size()};
  TableHandler handler(cursor);
  if (!nlohmann::json::sax_parse(JsonIterator(cursor), JsonIterator(), &handler)) {
    return damaged(source, handler.failure());
  }
  return handler.take();
} catch (const std::exception& failure) {
  // Memory ran out, or the parser met something it throws for: no opinion rather than half a table.
  return damaged(source, failure.what());
}

}  // namespace blastune
