// SPDX-License-Identifier: BSD-3-Clause
#include "store/config.h"

#include <algorithm>
#include <cerrno>
#include <optional>
#include <set>
#include <utility>

#include "base/parse.h"
#include "base/trusted_file.h"
#include "store/json_tree.h"

namespace blastune {
namespace {

using Kind = JsonNode::Kind;

constexpr std::size_t max_config_bytes = 1U << 20U;
constexpr std::size_t max_networks = 256;
constexpr std::int64_t most_operand_bytes = std::int64_t{1} << 40U;
constexpr double week_seconds = 7 * 24 * 3600.0;
constexpr std::size_t max_libraries = 32;
constexpr std::size_t longest_path = 4095;

// Interprets one document. Problems carry the place they are at; the first one ends it.
class ConfigReader {
 public:
  ConfigReader(LoadedConfig& loaded, std::string_view source) : loaded_(loaded), source_(source) {}

  Result<void> read(const JsonNode& root) {
    if (root.kind != Kind::object) return wrong(root, "", "an object with settings");
    Config& config = loaded_.config;
    return each_key(root, "",
                    [&](const JsonNode& node, const std::string& path) -> std::optional<Result<void>> {
                      if (node.key == "networks") return networks(node, path);
                      if (node.key == "batches") return range(node, path, config.batches);
                      if (node.key == "layouts")
                        return names(node, path, config.layouts, layout_from_name,
                                     "features-by-batch or batch-by-features");
                      if (node.key == "passes")
                        return names(node, path, config.passes, pass_from_name,
                                     "forward, backward-data or backward-weights");
                      if (node.key == "dtypes")
                        return names(node, path, config.dtypes, dtype_from_name, "f32, f64, c64 or c128");
                      if (node.key == "general_grid") return general_grid(node, path);
                      if (node.key == "tolerance") return number(node, path, 0, 1, config.tolerance);
                      if (node.key == "max_operand_bytes")
                        return integer(node, path, 4096, most_operand_bytes, config.max_operand_bytes);
                      if (node.key == "budget") return duration(node, path, 1, config.budget_seconds);
                      if (node.key == "daemon") return daemon(node, path);
                      return std::nullopt;
                    });
  }

 private:
  Error wrong(const JsonNode& node, const std::string& path, const std::string& expected) const {
    return Error{ErrorKind::invalid_data,
                 place(node) + (path.empty() ? "" : path + ": ") + "this must be " + expected,
                 "correct the file"};
  }

  [[nodiscard]] std::string place(const JsonNode& node) const {
    return source_ + ", line " + std::to_string(node.line) + ": ";
  }

  // take() answers nothing for a key that it does not know.
  template <class Take>
  Result<void> each_key(const JsonNode& object, const std::string& path, Take take) {
    for (const auto& node : object.children) {
      const std::string whole = path.empty() ? node.key : path + "." + node.key;
      const auto taken = take(node, whole);
      if (!taken) {
        loaded_.warnings.push_back(place(node) + "the key " + in_quotes(whole) + " is not known");
      } else if (!taken->ok()) {
        return *taken;
      }
    }
    return {};
  }

  Result<void> integer(const JsonNode& node, const std::string& path, std::int64_t low, std::int64_t high,
                       std::int64_t& value) {
    const auto parsed = parse_integer(node.text, low, high, path);
    if (node.kind != Kind::number || !parsed) {
      return wrong(node, path, "an integer from " + std::to_string(low) + " to " + std::to_string(high));
    }
    value = *parsed;
    return {};
  }

  Result<void> number(const JsonNode& node, const std::string& path, double low, double high, double& value) {
    if (node.kind != Kind::number) return wrong(node, path, "a number");
    const auto parsed = parse_number(node.text, low, high, path);
    if (!parsed) return located(node, parsed.error());
    value = *parsed;
    return {};
  }

  Result<void> boolean(const JsonNode& node, const std::string& path, bool& value) {
    if (node.kind != Kind::boolean) return wrong(node, path, "true or false");
    value = node.text == "true";
    return {};
  }

  Result<void> duration(const JsonNode& node, const std::string& path, double low_seconds, double& seconds) {
    if (node.kind != Kind::text) return wrong(node, path, "a duration in quotes, like \"30s\"");
    const auto parsed = parse_duration(node.text, low_seconds, week_seconds, path);
    if (!parsed) return located(node, parsed.error());
    seconds = *parsed;
    return {};
  }

  [[nodiscard]] Error located(const JsonNode& node, const Error& error) const {
    return Error{ErrorKind::invalid_data, place(node) + error.what, "correct the file"};
  }

  Result<void> range(const JsonNode& node, const std::string& path, SizeRange& value) {
    const auto& ends = node.children;
    if (node.kind != Kind::array || ends.size() != 2)
      return wrong(node, path, "a list of two sizes, [smallest, largest]");
    SizeRange parsed;
    if (auto taken = integer(ends[0], path, 1, max_dimension, parsed.from); !taken) return taken;
    if (auto taken = integer(ends[1], path, 1, max_dimension, parsed.to); !taken) return taken;
    if (parsed.to < parsed.from) return wrong(node, path, "[smallest, largest], in that order");
    value = parsed;
    return {};
  }

  template <class Value, class FromName>
  Result<void> names(const JsonNode& node, const std::string& path, std::vector<Value>& values,
                     FromName from_name, const std::string& allowed) {
    if (node.kind != Kind::array || node.children.empty())
      return wrong(node, path, "a list with at least one of " + allowed);
    std::vector<Value> parsed;
    for (const auto& item : node.children) {
      const std::optional<Value> value = item.kind == Kind::text ? from_name(item.text) : std::nullopt;
      if (!value) return wrong(item, path, allowed + ", and is " + in_quotes(item.text));
      if (std::ranges::find(parsed, *value) != parsed.end())
        return wrong(item, path, "a list without repetition");
      parsed.push_back(*value);
    }
    values = std::move(parsed);
    return {};
  }

  Result<void> networks(const JsonNode& node, const std::string& path) {
    if (node.kind != Kind::array || node.children.size() > max_networks) {
      return wrong(node, path,
                   "a list of at most " + std::to_string(max_networks) + " networks like [784, 100, 50, 10]");
    }
    std::vector<Network> parsed;
    for (const auto& item : node.children) {
      Network network;
      if (item.kind != Kind::array) return wrong(item, path, "a list of layer sizes like [784, 100, 50, 10]");
      for (const auto& size : item.children) {
        if (auto taken = integer(size, path, 1, max_dimension, network.sizes.emplace_back()); !taken)
          return taken;
      }
      if (auto checked = check_network(network); !checked) {
        return Error{ErrorKind::invalid_data, place(item) + path + ": " + checked.error().what,
                     checked.error().remedy};
      }
      parsed.push_back(std::move(network));
    }
    loaded_.config.networks = std::move(parsed);
    return {};
  }

  Result<void> general_grid(const JsonNode& node, const std::string& path) {
    if (node.kind != Kind::object) return wrong(node, path, "an object with \"enabled\" and \"sizes\"");
    GeneralGrid& grid = loaded_.config.general_grid;
    return each_key(node, path,
                    [&](const JsonNode& item, const std::string& item_path) -> std::optional<Result<void>> {
                      if (item.key == "sizes") return range(item, item_path, grid.sizes);
                      if (item.key == "enabled") return boolean(item, item_path, grid.enabled);
                      return std::nullopt;
                    });
  }

  Result<void> daemon(const JsonNode& node, const std::string& path) {
    if (node.kind != Kind::object) return wrong(node, path, "an object with the service's settings");
    DaemonConfig& daemon = loaded_.config.daemon;
    return each_key(node, path,
                    [&](const JsonNode& item, const std::string& item_path) -> std::optional<Result<void>> {
                      if (item.key == "cpu_share")
                        return number(item, item_path, 0.0001, 1, daemon.cpu_share);
                      if (item.key == "first_run")
                        return duration(item, item_path, 1, daemon.first_run_seconds);
                      if (item.key == "check_every")
                        return duration(item, item_path, 60, daemon.check_seconds);
                      if (item.key == "quiet_cores")
                        return number(item, item_path, 0.05, 4096, daemon.quiet_cores);
                      if (item.key == "on_battery") return boolean(item, item_path, daemon.on_battery);
                      if (item.key == "libraries") return libraries(item, item_path, daemon.libraries);
                      return std::nullopt;
                    });
  }

  Result<void> libraries(const JsonNode& node, const std::string& path, std::vector<std::string>& files) {
    const std::string expected = "a list of at most " + std::to_string(max_libraries) + " absolute paths";
    if (node.kind != Kind::array || node.children.size() > max_libraries) return wrong(node, path, expected);
    std::vector<std::string> parsed;
    for (const auto& item : node.children) {
      const bool usable = item.kind == Kind::text && item.text.starts_with('/') &&
                          item.text.size() <= longest_path && item.text.find('\0') == std::string::npos;
      if (!usable) return wrong(item, path, expected);
      parsed.push_back(item.text);
    }
    files = std::move(parsed);
    return {};
  }

  LoadedConfig& loaded_;
  std::string source_;
};

Result<void> apply_file(FileSystem& files, const std::string& path, LoadedConfig& loaded) {
  const auto text = read_trusted_file(files, path, max_config_bytes);
  if (!text) {
    Error error = text.error();
    if (error.error_number == EACCES) error.remedy = "make it and its directory readable for this user";
    return error;
  }
  if (auto applied = apply_config(loaded, *text, path); !applied) return applied.error();
  loaded.files.push_back(path);
  return {};
}

// Some 20 to 30 gemms each, of which the service keeps less than a kilobyte in memory.
constexpr std::size_t most_series = 500;

Result<void> check_size(const Config& config, const std::string& directory) {
  std::set<Layer> layers;
  for (const Network& network : config.networks) {
    for (const Layer& layer : layers_of(network)) layers.insert(layer);
  }
  const std::size_t series = layers.size() * config.dtypes.size() * config.passes.size();
  if (series <= most_series) return {};
  return Error{ErrorKind::invalid_data,
               directory + ": networks of " + std::to_string(layers.size()) + " different layers, in " +
                   std::to_string(config.dtypes.size()) + " dtypes and " +
                   std::to_string(config.passes.size()) + " passes, are more than can be measured",
               "name fewer: the product may be at most " + std::to_string(most_series)};
}

}  // namespace

Result<void> apply_config(LoadedConfig& loaded, std::string_view text, std::string_view source) {
  const auto root = parse_json_tree(text, source);
  if (!root) return root.error();
  LoadedConfig changed = loaded;
  if (auto read = ConfigReader(changed, source).read(*root); !read) return read;
  loaded = std::move(changed);
  return {};
}

Result<LoadedConfig> load_config(FileSystem& files, const std::string& directory) {
  LoadedConfig loaded;
  const auto main_file = apply_file(files, directory + "/blastune.json", loaded);
  if (!main_file && main_file.error().kind != ErrorKind::not_found) return main_file.error();

  const std::string more = directory + "/conf.d";
  auto names = files.list_directory(more);
  if (!names) {
    if (names.error().kind != ErrorKind::not_found) return names.error();
    names = std::vector<std::string>{};
  }
  std::ranges::sort(*names);
  for (const auto& name : *names) {
    // Editors leave hidden files.
    if (!name.ends_with(".json") || name.starts_with('.')) continue;
    if (auto applied = apply_file(files, more + "/" + name, loaded); !applied) return applied.error();
  }
  if (auto sized = check_size(loaded.config, directory); !sized) return sized.error();
  return loaded;
}

}  // namespace blastune
