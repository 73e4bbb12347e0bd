// SPDX-License-Identifier: BSD-3-Clause
//
// The only file that knows hwloc.
#include "topology/hwloc_source.h"

#include <fcntl.h>
#include <hwloc.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <csignal>
#include <cstddef>
#include <cstdlib>
#include <memory>
#include <optional>
#include <string_view>
#include <utility>

#include "base/file_system.h"
#include "base/kernel_file.h"
#include "base/unique_fd.h"

namespace blastune {
namespace {

constexpr std::size_t max_xml_bytes = std::size_t{64} << 20U;
constexpr double max_synthetic_processors = 65536;
constexpr int max_mhz = 1'000'000;

struct TopologyDeleter {
  void operator()(hwloc_topology_t topology) const { hwloc_topology_destroy(topology); }
};
using TopologyHandle = std::unique_ptr<std::remove_pointer_t<hwloc_topology_t>, TopologyDeleter>;

struct BitmapDeleter {
  void operator()(hwloc_bitmap_t bitmap) const { hwloc_bitmap_free(bitmap); }
};
using Bitmap = std::unique_ptr<std::remove_pointer_t<hwloc_bitmap_t>, BitmapDeleter>;

// Nothing where the variable is not set or is empty.
std::optional<std::string> environment(const char* name) {
  const char* value = std::getenv(name);
  if (value == nullptr || *value == '\0') return std::nullopt;
  return std::string(value);
}

// hwloc builds whatever size it is asked for; "pu:1000000000" would use up the memory. The levels' sizes are
// the numbers outside of brackets.
double processors_of_synthetic(std::string_view description) {
  double product = 1;
  int depth = 0;
  std::string token;
  const auto finish = [&] {
    const auto colon = token.rfind(':');
    const std::string number = colon == std::string::npos ? token : token.substr(colon + 1);
    double value = 0;
    const auto [end, error] = std::from_chars(number.data(), number.data() + number.size(), value);
    if (error == std::errc::result_out_of_range) value = max_synthetic_processors + 1;
    const bool read = error == std::errc() || error == std::errc::result_out_of_range;
    if (read && end != number.data() && value > 1) product *= value;
    token.clear();
  };
  for (const char c : description) {
    if (c == '(' || c == '[') ++depth;
    if (c == ' ' || c == '\t' || c == '\n') {
      if (depth == 0) finish();
    } else if (depth == 0) {
      token += c;
    }
    if ((c == ')' || c == ']') && depth > 0) --depth;
  }
  finish();
  return product;
}

Result<void> use_synthetic(hwloc_topology_t topology, const std::string& description) {
  const std::string remedy = "use something like HWLOC_SYNTHETIC=\"package:2 l3:4 core:8 pu:2\", or unset it";
  if (processors_of_synthetic(description) > max_synthetic_processors) {
    return Error{ErrorKind::usage, "HWLOC_SYNTHETIC describes more than 65536 processors", remedy};
  }
  if (hwloc_topology_set_synthetic(topology, description.c_str()) != 0) {
    return Error{ErrorKind::usage, "hwloc does not understand HWLOC_SYNTHETIC=\"" + description + "\"",
                 remedy};
  }
  return {};
}

Result<std::string> read_xml(const std::string& path) {
  const std::string remedy = "name a file written by `lstopo FILE.xml`, or unset HWLOC_XMLFILE";
  RealFileSystem files;
  const auto fd = files.open_for_reading(path);
  if (!fd) {
    Error error = fd.error();
    error.what += " (from HWLOC_XMLFILE)";
    error.remedy = remedy;
    return error;
  }
  const auto status = files.status(fd->get());
  if (!status) return status.error();
  if (!status->regular || status->size > max_xml_bytes) {
    return Error{ErrorKind::invalid_data,
                 "HWLOC_XMLFILE=" + path + " is not a regular file of at most 64 MiB", remedy};
  }
  auto text = read_kernel_file(path, max_xml_bytes);
  if (!text || text->empty()) {
    return Error{ErrorKind::invalid_data, "HWLOC_XMLFILE=" + path + " cannot be read or is empty", remedy};
  }
  return std::move(*text);
}

Error xml_error(const std::string& path) {
  return Error{ErrorKind::invalid_data, "HWLOC_XMLFILE=" + path + " is damaged or not a topology of hwloc",
               "write it again with `lstopo FILE.xml`, or unset HWLOC_XMLFILE"};
}

// A bitmap's members; nothing when it is infinite or names processors nobody has.
std::optional<ProcessorNumbers> to_set(hwloc_const_bitmap_t bitmap) {
  ProcessorNumbers set;
  if (bitmap == nullptr) return set;
  if (hwloc_bitmap_weight(bitmap) < 0 || hwloc_bitmap_last(bitmap) >= max_processor_number)
    return std::nullopt;
  for (int bit = hwloc_bitmap_first(bitmap); bit >= 0; bit = hwloc_bitmap_next(bitmap, bit))
    set.push_back(bit);
  return set;
}

// The processors of an object. Those it names but does not have (switched off) are left out by hwloc itself.
ProcessorNumbers processors_of(hwloc_obj_t object) {
  return to_set(object->cpuset).value_or(ProcessorNumbers{});
}

std::string info(hwloc_obj_t object, const char* key) {
  const char* value = hwloc_obj_get_info_by_name(object, key);
  return value == nullptr ? std::string() : std::string(value);
}

template <class Use>
void for_each(hwloc_topology_t topology, hwloc_obj_type_t type, Use use) {
  for (hwloc_obj_t object = hwloc_get_next_obj_by_type(topology, type, nullptr); object != nullptr;
       object = hwloc_get_next_obj_by_type(topology, type, object)) {
    use(object);
  }
}

void read_objects(hwloc_topology_t topology, Topology& out) {
  for_each(topology, HWLOC_OBJ_PACKAGE, [&](hwloc_obj_t package) {
    out.packages.push_back({processors_of(package), info(package, "CPUModel")});
  });
  const auto allowed_nodes = hwloc_topology_get_allowed_nodeset(topology);
  for_each(topology, HWLOC_OBJ_NUMANODE, [&](hwloc_obj_t object) {
    NumaNode node;
    node.number = static_cast<int>(object->os_index);
    node.memory_bytes = object->attr->numanode.local_memory;
    node.allowed = hwloc_bitmap_isset(allowed_nodes, object->os_index) != 0;
    node.processors = processors_of(object);
    out.nodes.push_back(std::move(node));
  });
  for (const hwloc_obj_type_t type :
       {HWLOC_OBJ_L5CACHE, HWLOC_OBJ_L4CACHE, HWLOC_OBJ_L3CACHE, HWLOC_OBJ_L2CACHE, HWLOC_OBJ_L1CACHE}) {
    for_each(topology, type, [&](hwloc_obj_t cache) {
      out.caches.push_back(
          {static_cast<int>(cache->attr->cache.depth), cache->attr->cache.size, processors_of(cache)});
    });
  }
  // Where no cores are told, or not for all processors, a processor is taken for a core of its own.
  ProcessorNumbers in_cores;
  for_each(topology, HWLOC_OBJ_PU, [&](hwloc_obj_t processor) {
    const hwloc_obj_t core = hwloc_get_ancestor_obj_by_type(topology, HWLOC_OBJ_CORE, processor);
    const int number = static_cast<int>(processor->os_index);
    if (!std::binary_search(out.online.begin(), out.online.end(), number)) return;
    if (std::binary_search(in_cores.begin(), in_cores.end(), number)) return;
    Core entry;
    // hwloc believes a recording whose cores overlap; a processor belongs to the first core that names it.
    for (const int member : core != nullptr ? processors_of(core) : ProcessorNumbers{}) {
      const bool taken = std::binary_search(in_cores.begin(), in_cores.end(), member);
      const bool exists = std::binary_search(out.online.begin(), out.online.end(), member);
      if (!taken && exists) entry.processors.push_back(member);
    }
    if (!std::binary_search(entry.processors.begin(), entry.processors.end(), number)) {
      entry.processors = {number};
    }
    ProcessorNumbers merged;
    std::set_union(in_cores.begin(), in_cores.end(), entry.processors.begin(), entry.processors.end(),
                   std::back_inserter(merged));
    in_cores = std::move(merged);
    out.cores.push_back(std::move(entry));
  });
}

int read_mhz(const char* text) {
  const auto value = parse_kernel_number(text);
  return value && *value > 0 && *value <= max_mhz ? static_cast<int>(*value) : 0;
}

void read_kinds(hwloc_topology_t topology, Topology& out) {
  const int count = hwloc_cpukinds_get_nr(topology, 0);
  const Bitmap members(hwloc_bitmap_alloc());
  for (int index = 0; members && index < count; ++index) {
    CoreKind kind;
    unsigned info_count = 0;
    struct hwloc_info_s* infos = nullptr;
    if (hwloc_cpukinds_get_info(topology, static_cast<unsigned>(index), members.get(), &kind.efficiency,
                                &info_count, &infos, 0) != 0) {
      continue;
    }
    kind.processors = to_set(members.get()).value_or(ProcessorNumbers{});
    for (unsigned i = 0; i < info_count; ++i) {
      const std::string_view key = infos[i].name;
      if (key == "CoreType") kind.name = infos[i].value;
      if (key == "FrequencyMaxMHz") kind.max_mhz = read_mhz(infos[i].value);
    }
    out.kinds.push_back(std::move(kind));
  }
}

// For every processor the index of the first set that holds it, or -1.
template <class Item>
std::vector<int> index_of(const std::vector<Item>& items, std::size_t processor_count) {
  std::vector<int> index(processor_count, -1);
  for (std::size_t i = 0; i < items.size(); ++i) {
    for (const int processor : items[i].processors) {
      const auto at = static_cast<std::size_t>(processor);
      if (at < index.size() && index[at] < 0) index[at] = static_cast<int>(i);
    }
  }
  return index;
}

void place_cores(Topology& out) {
  const auto count = static_cast<std::size_t>(out.online.back()) + 1;
  const auto package = index_of(out.packages, count);
  const auto node = index_of(out.nodes, count);
  const auto kind = index_of(out.kinds, count);
  // The L3 is the group that matters; where there is none, the outermost cache.
  std::vector<int> cache = index_of(out.caches, count);
  for (std::size_t i = 0; i < out.caches.size(); ++i) {
    if (out.caches[i].level != 3) continue;
    for (const int processor : out.caches[i].processors) {
      if (static_cast<std::size_t>(processor) < count)
        cache[static_cast<std::size_t>(processor)] = static_cast<int>(i);
    }
  }
  CoreKind untold;
  for (Core& core : out.cores) {
    const auto first = static_cast<std::size_t>(core.processors.front());
    core.package = package[first];
    core.node = node[first];
    core.cache = cache[first];
    core.kind = kind[first];
    if (core.kind >= 0) continue;
    core.kind = static_cast<int>(out.kinds.size());
    untold.processors.insert(untold.processors.end(), core.processors.begin(), core.processors.end());
  }
  if (untold.processors.empty()) return;
  std::sort(untold.processors.begin(), untold.processors.end());
  out.kinds.push_back(std::move(untold));
}

Result<Topology> convert(hwloc_topology_t topology, std::string origin) {
  const Error unusable{
      ErrorKind::invalid_data,
      "the topology of " + origin + " has no processors, impossible ones, or some it does not describe",
      "check it with `lstopo`"};
  const auto online = to_set(hwloc_topology_get_topology_cpuset(topology));
  const auto complete = to_set(hwloc_topology_get_complete_cpuset(topology));
  const auto allowed = to_set(hwloc_topology_get_allowed_cpuset(topology));
  if (!online || online->empty() || !complete || !allowed) return unusable;
  Topology out;
  out.this_system = hwloc_topology_is_thissystem(topology) != 0;
  out.origin = std::move(origin);
  out.online = *online;
  std::set_difference(complete->begin(), complete->end(), online->begin(), online->end(),
                      std::back_inserter(out.offline));
  std::set_intersection(allowed->begin(), allowed->end(), online->begin(), online->end(),
                        std::back_inserter(out.allowed));
  read_objects(topology, out);
  std::size_t placed = 0;
  for (const Core& core : out.cores) placed += core.processors.size();
  if (placed != out.online.size()) return unusable;
  read_kinds(topology, out);
  place_cores(out);
  return out;
}

Result<TopologyHandle> new_topology() {
  hwloc_topology_t raw = nullptr;
  if (hwloc_topology_init(&raw) != 0) return system_error("cannot start hwloc", errno);
  TopologyHandle topology(raw);
  hwloc_topology_set_flags(raw, HWLOC_TOPOLOGY_FLAG_INCLUDE_DISALLOWED);
  return topology;
}

Result<Topology> load_xml(const std::string& path, const std::string& xml) {
  auto topology = new_topology();
  if (!topology) return topology.error();
  const hwloc_topology_t raw = topology->get();
  // The length includes the closing zero.
  if (hwloc_topology_set_xmlbuffer(raw, xml.c_str(), static_cast<int>(xml.size() + 1)) != 0 ||
      hwloc_topology_load(raw) != 0) {
    return xml_error(path);
  }
  return convert(raw, "HWLOC_XMLFILE=" + path);
}

// Damaged files make hwloc crash, and leak where they do not. So a child of ours tries first, and says with
// one byte that it got to the end.
bool survives(const std::string& path, const std::string& xml) {
  int ends[2];
  if (::pipe2(ends, O_CLOEXEC) != 0) return false;
  const UniqueFd reading(ends[0]);
  UniqueFd writing(ends[1]);
  const pid_t child = ::fork();
  if (child < 0) return false;
  if (child == 0) {
    constexpr unsigned longest_seconds = 30;
    const rlimit no_core{0, 0};
    ::setrlimit(RLIMIT_CORE, &no_core);
    for (const int number : {SIGALRM, SIGSEGV, SIGBUS, SIGABRT, SIGFPE}) ::signal(number, SIG_DFL);
    sigset_t none;
    ::sigemptyset(&none);
    ::sigprocmask(SIG_SETMASK, &none, nullptr);
    ::alarm(longest_seconds);
    const UniqueFd nowhere(::open("/dev/null", O_RDWR | O_CLOEXEC));
    ::dup2(nowhere.get(), STDOUT_FILENO);
    ::dup2(nowhere.get(), STDERR_FILENO);
    const bool loaded = load_xml(path, xml).ok();
    const bool told = loaded && ::write(writing.get(), "1", 1) == 1;
    ::_exit(told ? 0 : 1);
  }
  writing.reset();
  char byte = 0;
  ssize_t count = 0;
  do {
    count = ::read(reading.get(), &byte, 1);
  } while (count < 0 && errno == EINTR);
  while (::waitpid(child, nullptr, 0) < 0 && errno == EINTR) {
  }
  return count == 1;
}

}  // namespace

Result<Topology> HwlocTopologySource::read() {
  // hwloc reports some failures on stderr by itself; ours say what to do as well.
  ::setenv("HWLOC_HIDE_ERRORS", "2", 0);

  // hwloc looks at these variables too, but on failure it quietly shows this machine instead. The order is
  // its own.
  const auto synthetic = environment("HWLOC_SYNTHETIC");
  if (const auto xml_path = environment("HWLOC_XMLFILE"); xml_path && !synthetic) {
    const auto xml = read_xml(*xml_path);
    if (!xml) return xml.error();
    if (!survives(*xml_path, *xml)) return xml_error(*xml_path);
    return load_xml(*xml_path, *xml);
  }
  auto topology = new_topology();
  if (!topology) return topology.error();
  std::string origin = "this machine";
  if (synthetic) {
    if (auto used = use_synthetic(topology->get(), *synthetic); !used) return used.error();
    origin = "HWLOC_SYNTHETIC=" + *synthetic;
  }
  if (hwloc_topology_load(topology->get()) != 0) {
    return system_error("hwloc cannot read the topology of " + origin, errno,
                        "check that `lstopo` works here and that /sys is mounted");
  }
  return convert(topology->get(), std::move(origin));
}

}  // namespace blastune
