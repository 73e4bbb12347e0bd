// SPDX-License-Identifier: BSD-3-Clause
#include "tuner/build_discovery.h"

#include <stdlib.h>

#include <algorithm>
#include <filesystem>
#include <string_view>
#include <system_error>
#include <utility>

namespace blastune {
namespace {

namespace fs = std::filesystem;

// More than any machine has; a directory full of look-alikes must not keep its user waiting for ever.
constexpr std::size_t most_candidates = 64;

// What is in a directory, ascending; nothing when it cannot be read.
std::vector<fs::path> entries_of(const fs::path& directory) {
  std::vector<fs::path> entries;
  std::error_code problem;
  for (fs::directory_iterator at(directory, fs::directory_options::skip_permission_denied, problem), end;
       !problem && at != end; at.increment(problem))
    entries.push_back(at->path());
  std::sort(entries.begin(), entries.end());
  return entries;
}

bool is_folder(const fs::path& path) {
  std::error_code problem;
  return fs::is_directory(path, problem);
}

// "libopenblas.so.0", "libopenblasp64_-r0.3.21.so"; not "libopenblas.so.0.debug".
bool names_openblas(std::string_view name) {
  const bool starts = name.starts_with("libopenblas") || name.starts_with("libscipy_openblas");
  const std::size_t extension = name.find(".so");
  if (!starts || extension == std::string_view::npos) return false;
  const std::string_view version = name.substr(extension + 3);
  return version.empty() ||
         (version.front() == '.' && version.find_first_not_of(".0123456789") == std::string_view::npos);
}

void add_libraries(const fs::path& directory, std::vector<std::string>& found) {
  for (const fs::path& entry : entries_of(directory)) {
    if (!names_openblas(entry.filename().string())) continue;
    std::error_code problem;
    const fs::path resolved = fs::canonical(entry, problem);
    if (problem || !fs::is_regular_file(resolved, problem)) continue;
    found.push_back(resolved.string());
  }
}

void add_once(std::vector<std::string>& texts, std::string text) {
  if (std::find(texts.begin(), texts.end(), text) == texts.end()) texts.push_back(std::move(text));
}

// The libraries that wheels put next to a Python package.
void add_python_libraries(const fs::path& library_directory, std::vector<std::string>& found) {
  for (const fs::path& python : entries_of(library_directory)) {
    if (!python.filename().string().starts_with("python3")) continue;
    for (const char* packages : {"site-packages", "dist-packages"}) {
      for (const char* owner : {"numpy.libs", "scipy.libs", "scipy_openblas64/lib", "scipy_openblas32/lib"})
        add_libraries(python / packages / owner, found);
    }
  }
}

// Puts a build where it belongs: into the one it is the same as, or at the end.
void add_build(Discovery& discovery, const std::string& name, WorkerHello hello) {
  const std::string path = hello.build.path;
  auto known = std::find_if(discovery.builds.begin(), discovery.builds.end(), [&](const FoundBuild& found) {
    return same_build(found.hello.build, hello.build);
  });
  if (known == discovery.builds.end()) {
    discovery.builds.emplace_back();
    known = std::prev(discovery.builds.end());
    known->hello = std::move(hello);
  }
  add_once(known->names, name);
  if (!path.empty()) add_once(known->names, path);
  std::stable_partition(known->names.begin(), known->names.end(),
                        [](const std::string& text) { return text.find('/') == std::string::npos; });
}

bool is_known(const Discovery& discovery, const std::string& path) {
  return std::any_of(discovery.builds.begin(), discovery.builds.end(), [&](const FoundBuild& found) {
    return std::find(found.names.begin(), found.names.end(), path) != found.names.end();
  });
}

// What somebody named is not what is left out where there are too many.
std::vector<std::string> all_files(const DiscoveryOptions& options) {
  std::vector<std::string> named = options.files;
  if (named.size() > most_candidates) named.resize(most_candidates);
  std::vector<std::string> files = libraries_in(options.directories);
  files.resize(std::min(files.size(), most_candidates - named.size()));
  for (const std::string& file : named) {
    std::error_code problem;
    const fs::path resolved = fs::canonical(file, problem);
    add_once(files, problem ? file : resolved.string());
  }
  return files;
}

// A worker that cannot be started would make every library look unusable.
bool ends_discovery(const Error& error, const std::string& worker) {
  return error.what.starts_with("cannot run " + worker);
}

}  // namespace

bool may_pass(const Error& error) {
  // What a worker says has no number.
  const bool is_systems = error.kind == ErrorKind::unavailable && error.error_number != 0;
  return is_systems || error.kind == ErrorKind::timed_out;
}

std::vector<std::string> libraries_in(const std::vector<std::string>& directories) {
  std::vector<std::string> found;
  for (const std::string& directory : directories) {
    add_libraries(directory, found);
    for (const fs::path& entry : entries_of(directory)) {
      if (entry.filename().string().starts_with("openblas") && is_folder(entry)) {
        add_libraries(entry, found);
        add_libraries(entry / "lib", found);
      }
    }
  }
  std::sort(found.begin(), found.end());
  found.erase(std::unique(found.begin(), found.end()), found.end());
  return found;
}

DiscoveryOptions usual_places() {
  DiscoveryOptions options;
  const auto add = [&options](const std::string& directory) { add_once(options.directories, directory); };
  if (const char* path = ::secure_getenv("LD_LIBRARY_PATH"); path != nullptr) {
    std::string_view rest = path;
    while (!rest.empty()) {
      const std::size_t end = std::min(rest.find_first_of(":;"), rest.size());
      if (end > 0) add(std::string(rest.substr(0, end)));
      rest.remove_prefix(std::min(end + 1, rest.size()));
    }
  }
  for (const char* root :
       {"/usr/local/lib", "/usr/local/lib64", "/usr/lib", "/usr/lib64", "/opt/OpenBLAS/lib"}) {
    add(root);
    // Multiarch directories: x86_64-linux-gnu, aarch64-linux-gnu, ...
    for (const fs::path& entry : entries_of(root)) {
      if (entry.filename().string().find("-linux-") != std::string::npos && is_folder(entry))
        add(entry.string());
    }
  }
  std::vector<std::string> python_places = {"/usr/local/lib", "/usr/lib"};
  if (const char* home = ::secure_getenv("HOME"); home != nullptr && *home != '\0')
    python_places.push_back(std::string(home) + "/.local/lib");
  if (const char* environment = ::secure_getenv("VIRTUAL_ENV");
      environment != nullptr && *environment != '\0')
    python_places.push_back(std::string(environment) + "/lib");
  for (const std::string& place : python_places) add_python_libraries(place, options.files);
  return options;
}

BuildSearch::BuildSearch(std::string worker, DiscoveryOptions options, Wanted wanted)
    : worker_(std::move(worker)),
      worker_options_(std::move(options.worker_options)),
      wanted_(wanted),
      candidates_(std::move(options.names)),
      names_(candidates_.size()) {
  (void)ready_.open();  // else start() says why not
  for (std::string& file : all_files(options)) candidates_.push_back(std::move(file));
}

// Files that a name has led to already are left out; names are not, for they are what programs ask for.
std::optional<std::string> BuildSearch::next_candidate() {
  if (wanted_ == Wanted::first_build && !discovery_.builds.empty()) return std::nullopt;
  for (; next_ < candidates_.size(); ++next_) {
    if (next_ < names_ || !is_known(discovery_, candidates_[next_])) return candidates_[next_++];
  }
  return std::nullopt;
}

Result<void> BuildSearch::start(const std::string& candidate) {
  if (ready_.fd() < 0) {
    if (Result<void> opened = ready_.open(); !opened) return opened;
  }
  candidate_ = candidate;
  Result<std::string> path = loadable_path(candidate);
  if (!path) return note(path.error());
  Result<WorkerLaunch> launch = WorkerLaunch::start(
      {worker_, std::move(*path), true, worker_options_.max_operand_bytes, worker_options_.load_seconds});
  if (!launch) return note(launch.error());
  launch_.emplace(std::move(*launch));
  return ready_.add(launch_->ready_fd(), ReadySet::For::reading);
}

// What the candidate is. Fails when that ends the search.
Result<void> BuildSearch::note(Result<WorkerHello> hello) {
  if (hello)
    add_build(discovery_, candidate_, std::move(*hello));
  else if (ends_discovery(hello.error(), worker_))
    return hello.error();
  else
    discovery_.unusable.push_back({candidate_, hello.error()});
  return {};
}

std::optional<Result<Discovery>> BuildSearch::advance() {
  while (true) {
    if (launch_) {
      std::optional<Result<WorkerHello>> hello = launch_->advance();
      if (!hello) return std::nullopt;
      ready_.remove(launch_->ready_fd());
      launch_.reset();
      if (Result<void> noted = note(std::move(*hello)); !noted) return noted.error();
    }
    const std::optional<std::string> candidate = next_candidate();
    if (!candidate) break;
    if (Result<void> started = start(*candidate); !started) return started.error();
  }
  if (!discovery_.builds.empty()) discovery_.builds.front().is_default = true;
  return std::move(discovery_);
}

Result<Discovery> discover_builds(const std::string& worker, const DiscoveryOptions& options) {
  BuildSearch search(worker, options);
  return run_to_end(search, options.worker_options.interrupted);
}

Result<FoundBuild> find_default_build(const std::string& worker, const DiscoveryOptions& options) {
  BuildSearch search(worker, options, BuildSearch::Wanted::first_build);
  Result<Discovery> found = run_to_end(search, options.worker_options.interrupted);
  if (!found) return found.error();
  if (!found->builds.empty()) return std::move(found->builds.front());
  std::string reasons;
  for (const UnusableLibrary& unusable : found->unusable)
    reasons += (reasons.empty() ? ": " : "; ") + unusable.error.what;
  return Error{ErrorKind::not_found, "no usable OpenBLAS was found" + reasons,
               "install one (Debian: apt install libopenblas0-pthread) or name its file with --blas"};
}

}  // namespace blastune
