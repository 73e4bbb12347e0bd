// SPDX-License-Identifier: BSD-3-Clause
#include "base/machine_signature.h"

#include <stdlib.h>

#include <algorithm>
#include <cstddef>
#include <optional>
#include <set>
#include <string_view>
#include <vector>

#include "base/kernel_file.h"
#include "base/parse.h"

namespace blastune {
namespace {

// The first processor's entry is all that x86 and most others need; the kernel makes each page of this
// file on request, so a machine of many processors is not asked about all of them.
constexpr std::size_t first_entry_bytes = std::size_t{8} << 10U;
constexpr std::size_t all_entries_bytes = std::size_t{4} << 20U;
constexpr std::size_t max_list_bytes = std::size_t{64} << 10U;
constexpr std::size_t max_value_bytes = 64;
constexpr std::size_t max_model_length = 128;
constexpr std::size_t max_arm_kinds = 8;
constexpr int max_cache_index = 16;

char lower(char c) {
  return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
}

bool same_ignoring_case(std::string_view a, std::string_view b) {
  return std::equal(a.begin(), a.end(), b.begin(), b.end(),
                    [](char x, char y) { return lower(x) == lower(y); });
}

struct Field {
  std::string_view key;
  std::string_view value;
};

// The "key : value" lines of cpuinfo, in order.
std::vector<Field> fields_of(std::string_view cpuinfo) {
  std::vector<Field> fields;
  while (!cpuinfo.empty()) {
    const auto end = cpuinfo.find('\n');
    const std::string_view line = cpuinfo.substr(0, end);
    cpuinfo.remove_prefix(end == std::string_view::npos ? cpuinfo.size() : end + 1);
    if (const auto colon = line.find(':'); colon != std::string_view::npos) {
      fields.push_back({trim(line.substr(0, colon)), trim(line.substr(colon + 1))});
    }
  }
  return fields;
}

// The name goes into files and messages: one line of plain ASCII, single blanks, of bounded length.
std::string tidy(std::string_view text) {
  std::string plain;
  for (const char c : trim(text)) {
    if (plain.size() == max_model_length) break;
    const bool blank = c == ' ' || c == '\t';
    if (blank && !plain.empty() && plain.back() == ' ') continue;
    plain += blank ? ' ' : (c > ' ' && c <= '~' ? c : '?');
  }
  return std::string(trim(plain));
}

std::optional<std::string> first_value(const std::vector<Field>& fields, std::string_view key) {
  for (const Field& field : fields) {
    if (!same_ignoring_case(field.key, key)) continue;
    if (std::string value = tidy(field.value); !value.empty()) return value;
  }
  return std::nullopt;
}

// Kernels for ARM give numbers and no name. All kinds of core are named, not the first one seen: which
// comes first changes when processors are taken offline.
std::string arm_model(const std::vector<Field>& fields) {
  std::set<std::string> kinds;
  std::string implementer;
  std::string variant;
  for (const Field& field : fields) {
    if (field.key == "CPU implementer") implementer = tidy(field.value);
    if (field.key == "CPU variant") variant = tidy(field.value);
    if (field.key == "CPU part" && kinds.size() < max_arm_kinds) {
      kinds.insert("ARM implementer " + implementer + " part " + tidy(field.value) + " variant " + variant);
    }
  }
  std::string model;
  for (const std::string& kind : kinds) model += (model.empty() ? "" : " + ") + kind;
  return model;
}

// s390: "processor 0: version = FF,  identification = 012345,  machine = 8561".
std::optional<std::string> mainframe_model(const std::vector<Field>& fields) {
  for (const Field& field : fields) {
    if (!field.key.starts_with("processor")) continue;
    constexpr std::string_view word = "machine = ";
    if (const auto at = field.value.find(word); at != std::string_view::npos) {
      const std::string machine = tidy(field.value.substr(at + word.size()));
      const auto vendor = first_value(fields, "vendor_id");
      return (vendor ? *vendor + " " : std::string()) + "machine " + machine;
    }
  }
  return std::nullopt;
}

std::string model_of(const std::vector<Field>& fields) {
  if (const auto model = first_value(fields, "model name")) return *model;
  if (std::string model = arm_model(fields); !model.empty()) return model;
  if (const auto model = mainframe_model(fields)) return *model;
  // ppc, RISC-V, m68k and older MIPS, ARM and SPARC, in the words of their kernels.
  for (const std::string_view key : {"cpu", "cpu model", "uarch", "Processor", "isa"}) {
    auto model = first_value(fields, key);
    // Where "processor" numbers the entries it names nothing.
    if (model && model->find_first_not_of("0123456789") != std::string::npos) return *model;
  }
  return "unknown processor";
}

// Entries of cpuinfo name online processors only, so they are the last resort.
int count_entries(const std::vector<Field>& fields) {
  return static_cast<int>(std::count_if(fields.begin(), fields.end(),
                                        [](const Field& field) { return field.key == "processor"; }));
}

std::vector<int> read_list(const std::string& path) {
  const auto text = read_kernel_file(path, max_list_bytes);
  if (!text) return {};
  return parse_processor_list(*text).value_or(std::vector<int>{});
}

// "32768K"; bytes, or nothing.
std::optional<std::int64_t> parse_cache_size(std::string_view text) {
  text = trim(text);
  if (text.empty()) return std::nullopt;
  unsigned shift = 0;
  switch (text.back()) {
    case 'K':
      shift = 10;
      break;
    case 'M':
      shift = 20;
      break;
    case 'G':
      shift = 30;
      break;
    default:
      break;
  }
  if (shift != 0) text.remove_suffix(1);
  const auto number = parse_kernel_number(text);
  constexpr std::int64_t largest = std::int64_t{1} << 30U;
  if (!number || *number <= 0 || *number > largest) return std::nullopt;
  return *number << shift;
}

std::int64_t last_level_cache_of(const std::string& processor_directory) {
  std::int64_t bytes = 0;
  std::int64_t best_level = 0;
  for (int index = 0; index < max_cache_index; ++index) {
    const std::string cache = processor_directory + "/cache/index" + std::to_string(index);
    const auto size_text = read_kernel_file(cache + "/size", max_value_bytes);
    if (!size_text) continue;
    const auto size = parse_cache_size(*size_text);
    const auto level_text = read_kernel_file(cache + "/level", max_value_bytes);
    // Caches are listed outwards, so the index will do where the level is not told.
    const std::int64_t level = (level_text ? parse_kernel_number(*level_text) : std::nullopt).value_or(index);
    const auto type = read_kernel_file(cache + "/type", max_value_bytes);
    if (!size || (type && trim(*type) == "Instruction") || level < best_level) continue;
    bytes = *size;
    best_level = level;
  }
  return bytes;
}

// Binary unit, as short as it is exact.
std::string describe_bytes(std::int64_t bytes) {
  constexpr std::int64_t kib = 1024;
  constexpr std::int64_t mib = kib * kib;
  if (bytes >= mib && bytes % mib == 0) return std::to_string(bytes / mib) + " MiB";
  if (bytes >= kib && bytes % kib == 0) return std::to_string(bytes / kib) + " KiB";
  return std::to_string(bytes) + " bytes";
}

std::string describe_count(int count, std::string_view noun) {
  return std::to_string(count) + " " + std::string(noun) + (count == 1 ? "" : "s");
}

}  // namespace

KernelPaths kernel_paths_of_environment() {
  const char* root = ::secure_getenv("BLASTUNE_KERNEL_ROOT");
  if (root == nullptr || *root == '\0') return {};
  return {std::string(root) + "/proc", std::string(root) + "/sys"};
}

Result<MachineSignature> read_machine_signature(const KernelPaths& paths) {
  MachineSignature signature;
  const std::string cpuinfo = paths.proc + "/cpuinfo";
  auto text = read_kernel_file(cpuinfo, first_entry_bytes);
  if (!text) {
    return Error{ErrorKind::unavailable, "cannot read " + cpuinfo + ", which names the processor",
                 "mount /proc in this container, or run blastune outside of it"};
  }
  // What was cut off in the middle of a line must not be taken for a name.
  if (text->size() == first_entry_bytes) text->resize(text->rfind('\n') + 1);
  auto fields = fields_of(*text);
  auto model = first_value(fields, "model name");
  const std::string cpus = paths.sys + "/devices/system/cpu";
  const std::vector<int> present = read_list(cpus + "/present");
  std::string whole;
  if (!model || present.empty()) {
    whole = read_kernel_file(cpuinfo, all_entries_bytes).value_or(*text);
    fields = fields_of(whole);
    model = model_of(fields);
  }
  signature.cpu_model = *model;
  signature.processors = present.empty() ? count_entries(fields) : static_cast<int>(present.size());
  if (signature.processors == 0) {
    return Error{ErrorKind::unavailable,
                 "cannot count processors: neither " + cpus + "/present nor " + cpuinfo + " lists them",
                 "mount /sys in this container, or run blastune outside of it"};
  }

  // A kernel without NUMA has no such directory, and a machine has at least one node.
  std::vector<int> nodes = read_list(paths.sys + "/devices/system/node/online");
  if (nodes.empty()) nodes = read_list(paths.sys + "/devices/system/node/possible");
  signature.numa_nodes = std::max(1, static_cast<int>(nodes.size()));

  // The kernel hides the caches of a processor that is offline, so the first one that shows any answers.
  for (const int processor : present) {
    signature.last_level_cache_bytes = last_level_cache_of(cpus + "/cpu" + std::to_string(processor));
    if (signature.last_level_cache_bytes != 0) break;
    constexpr int tried = 64;
    if (processor >= tried) break;
  }
  return signature;
}

std::string describe(const MachineSignature& signature) {
  std::string text = printable(signature.cpu_model) + ", " +
                     describe_count(signature.processors, "processor") + ", " +
                     describe_count(signature.numa_nodes, "NUMA node");
  if (signature.last_level_cache_bytes > 0) {
    text += ", " + describe_bytes(signature.last_level_cache_bytes) + " last-level cache";
  }
  return text;
}

}  // namespace blastune
