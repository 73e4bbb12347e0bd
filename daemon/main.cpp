// SPDX-License-Identifier: BSD-3-Clause
//
// The program `blastuned`: from options and configuration to a service that runs, and its exit status.
#include <sys/stat.h>

#include <exception>
#include <iostream>
#include <string>
#include <utility>

#include "base/clock.h"
#include "base/file_system.h"
#include "base/machine_signature.h"
#include "base/standard_descriptors.h"
#include "daemon/options.h"
#include "daemon/service.h"
#include "load/kernel_load_source.h"
#include "store/config.h"
#include "store/config_location.h"
#include "tuner/child_process.h"

namespace blastune {
namespace {

int check_config(const LoadedConfig& config) {
  for (const auto& file : config.files) std::cout << "read " << file << '\n';
  for (const auto& warning : config.warnings) std::cerr << "blastuned: " << warning << '\n';
  std::cout << (config.warnings.empty() ? "the configuration is right\n" : "") << std::flush;
  return config.warnings.empty() ? daemon_done : daemon_wrong_config;
}

int run(int count, char** words) {
  const auto options = parse_daemon_options(count, words, read_daemon_environment());
  if (!options) {
    std::cerr << "blastuned: " << options.error().text() << '\n';
    return daemon_usage;
  }
  if (options->help || options->version) {
    std::cout << (options->help ? daemon_help() : "blastuned " BLASTUNE_VERSION "\n") << std::flush;
    return std::cout ? daemon_done : daemon_failed;
  }
  RealFileSystem files;
  const std::string directory = options->config_directory.empty()
                                    ? config_directory_of(running_program(), files)
                                    : options->config_directory;
  const auto named = files.status(directory);
  if (named && named->regular) {
    std::cerr << "blastuned: " << directory
              << " is a file; --config names the directory that blastune.json is in\n";
    return daemon_wrong_config;
  }
  auto config = load_config(files, directory);
  if (!config) {
    std::cerr << "blastuned: " << config.error().text() << '\n';
    return daemon_wrong_config;
  }
  if (!options->config_directory.empty() && !files.status(directory)) {
    std::cerr << "blastuned: --config names " << directory << ", which is not there\n";
    return daemon_wrong_config;
  }
  if (options->check_config) return check_config(*config);

  // Whoever made it, what is kept here is for everybody to read and for nobody else to write.
  ::umask(0022);
  Log log(options->verbose);
  for (const auto& warning : config->warnings) log.warning(warning);
  SystemClock clock;
  const KernelPaths kernel = kernel_paths_of_environment();
  KernelLoadSource load(clock, kernel);
  Service service({BLASTUNE_VERSION, directory, options->table_path, options->runtime_directory, kernel},
                  std::move(config).value(), {clock, files, load, log});
  return service.run();
}

}  // namespace
}  // namespace blastune

int main(int count, char** words) {
  blastune::fill_standard_descriptors();
  blastune::keep_ended_children();
  try {
    return blastune::run(count, words);
  } catch (const std::exception& error) {
    // Memory has run out, or a library threw what it does not document.
    std::cerr << "blastuned: " << error.what() << '\n';
    return blastune::daemon_failed;
  }
}
