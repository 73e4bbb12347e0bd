// SPDX-License-Identifier: BSD-3-Clause
#include "load/power_supply.h"

#include <algorithm>
#include <string>
#include <vector>

#include "base/file_system.h"
#include "base/kernel_file.h"

namespace blastune {
namespace {

constexpr std::size_t max_value_bytes = 64;
constexpr std::size_t max_supplies = 64;

std::string value_of(const std::string& supply, const char* name) {
  const auto text = read_kernel_file(supply + "/" + name, max_value_bytes);
  return text ? std::string(trim(*text)) : std::string();
}

}  // namespace

Power read_power(const KernelPaths& paths) {
  const std::string directory = paths.sys + "/class/power_supply";
  RealFileSystem files;
  auto names = files.list_directory(directory);
  if (!names) return Power::unknown;
  if (names->size() > max_supplies) names->resize(max_supplies);
  std::vector<std::string> batteries;
  bool any = false;
  for (const std::string& name : *names) {
    const std::string supply = directory + "/" + name;
    const std::string type = value_of(supply, "type");
    if (type.empty() || value_of(supply, "scope") == "Device") continue;
    any = true;
    if (type == "Battery" || type == "UPS") {
      batteries.push_back(supply);
    } else if (parse_kernel_number(value_of(supply, "online")).value_or(0) > 0) {
      return Power::mains;  // 2 and above: a USB charger that was negotiated with
    }
  }
  const bool discharged = std::any_of(batteries.begin(), batteries.end(), [](const std::string& battery) {
    return value_of(battery, "status") == "Discharging";
  });
  if (discharged) return Power::battery;
  return any ? Power::mains : Power::unknown;
}

}  // namespace blastune
