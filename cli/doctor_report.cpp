// SPDX-License-Identifier: BSD-3-Clause
#include "cli/doctor_report.h"

#include <fmt/core.h>
#include <stdlib.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <nlohmann/json.hpp>
#include <ostream>
#include <string_view>
#include <utility>

#include "base/clock.h"
#include "base/file_system.h"
#include "cli/format.h"
#include "store/config.h"
#include "store/table_file.h"
#include "store/table_location.h"
#include "tuner/worker_launch.h"
#include "tuner/worker_location.h"

namespace blastune {
namespace {

constexpr int schema_version = 1;
constexpr std::int64_t old_table_seconds = std::int64_t{90} * 24 * 3600;
constexpr std::string_view usual_blas = "libblas.so.3";

// What bounds a count or switches blastune off; everything else set by a user is not blastune's business.
constexpr std::array<const char*, 7> telling_variables = {
    "OPENBLAS_NUM_THREADS", "GOTO_NUM_THREADS", "OMP_NUM_THREADS", "OMP_THREAD_LIMIT",
    "BLASTUNE_MAX_THREADS", "BLASTUNE_DISABLE", "BLASTUNE_LOAD"};

std::string_view setter_text(CountSetter setter) {
  switch (setter) {
    case CountSetter::none:
      return "no safe way to set its count";
    case CountSetter::openblas:
      return "count set by openblas_set_num_threads";
    case CountSetter::openmp:
      return "count set by omp_set_num_threads of its own OpenMP runtime";
  }
  return "no safe way to set its count";
}

bool leads_to(const FoundBuild& build, std::string_view name) {
  return std::find(build.names.begin(), build.names.end(), name) != build.names.end();
}

std::string joined(const std::vector<std::string>& names) {
  std::string text;
  for (const std::string& part : names) text += (text.empty() ? "" : ", ") + part;
  return text;
}

class Diagnosis {
 public:
  explicit Diagnosis(const DoctorInputs& inputs) : inputs_(inputs) {}

  std::vector<Finding> findings() {
    look_at_builds();
    look_at_unusable();
    look_at_limits();
    look_at_variables();
    look_at_configuration();
    look_at_tables();
    return std::move(findings_);
  }

 private:
  void add(Severity severity, std::string_view topic, std::string text, std::string remedy = {}) {
    findings_.push_back({severity, std::string(topic), std::move(text), std::move(remedy)});
  }

  void look_at_builds() {
    if (inputs_.discovery_error) {
      add(Severity::problem, "builds", inputs_.discovery_error->what, inputs_.discovery_error->remedy);
      return;
    }
    if (inputs_.discovery.builds.empty()) {
      add(Severity::problem, "builds", "no usable OpenBLAS was found",
          "install one (Debian: apt install libopenblas0-pthread), or name its file with --blas");
    }
    for (const FoundBuild& found : inputs_.discovery.builds) look_at_build(found);
    look_at_usual_blas();
  }

  void look_at_build(const FoundBuild& found) {
    const Build& build = found.hello.build;
    const std::string text =
        fmt::format("{}{}: {} by default, {}; {}", describe(build), found.is_default ? ", the default" : "",
                    count_text(found.hello.default_threads, "thread"), setter_text(found.hello.setter),
                    joined(found.names));
    if (found.hello.setter != CountSetter::none) {
      add(Severity::good, "builds", text);
    } else if (build.threading == Threading::serial) {
      add(Severity::note, "builds", text,
          "this build never uses more than one thread; a threaded one can be installed beside it "
          "(Debian: libopenblas0-pthread)");
    } else {
      add(Severity::warning, "builds", text,
          "programs that load this build keep its own count; use a pthread build (Debian: "
          "libopenblas0-pthread)");
    }
  }

  // NumPy, SciPy, Octave and R of a distribution ask for this name, not for OpenBLAS.
  void look_at_usual_blas() {
    const std::vector<FoundBuild>& builds = inputs_.discovery.builds;
    const auto leads = std::find_if(builds.begin(), builds.end(),
                                    [](const FoundBuild& b) { return leads_to(b, usual_blas); });
    if (leads != builds.end() && !leads->is_default) {
      add(Severity::note, "builds",
          fmt::format("programs that ask for {} get {}, others get {}", usual_blas,
                      describe(leads->hello.build), describe(builds.front().hello.build)),
          fmt::format("tune both (--blas {}), or make one of them the choice for all "
                      "(Debian: update-alternatives)",
                      usual_blas));
    }
    if (leads == builds.end() && !builds.empty()) {
      add(Severity::note, "builds", fmt::format("programs that ask for {} do not get OpenBLAS", usual_blas),
          "choose OpenBLAS for it (Debian: update-alternatives --config libblas.so.3-$(gcc "
          "-print-multiarch))");
    }
  }

  void look_at_unusable() {
    for (const UnusableLibrary& library : inputs_.discovery.unusable) {
      // A name that leads nowhere, or to another BLAS, is told above.
      if (library.name.find('/') == std::string::npos) continue;
      // What to name instead is what this says itself.
      add(Severity::warning, "builds", library.error.what,
          library.error.remedy == other_library ? "name one of the builds above" : library.error.remedy);
    }
  }

  void look_at_limits() {
    const int usable = usable_processors(inputs_.limits);
    const auto allowed = static_cast<int>(inputs_.limits.affinity.size());
    if (allowed > 0 && allowed < inputs_.online_processors) {
      add(Severity::note, "limits",
          fmt::format("this process may run on {} of {} processors (affinity)", allowed,
                      inputs_.online_processors));
    }
    if (inputs_.limits.quota_cores) {
      add(Severity::note, "limits",
          fmt::format("the time of {:.2f} processors is granted by {}", *inputs_.limits.quota_cores,
                      inputs_.limits.quota_file));
    }
    if (usable == 1) {
      add(Severity::note, "limits", "one processor may be used, so one thread is the answer to everything");
    }
    for (const FoundBuild& found : inputs_.discovery.builds) {
      if (found.hello.default_threads <= usable) continue;
      add(Severity::warning, "limits",
          fmt::format("{} starts {} where {} may be used", describe(found.hello.build),
                      count_text(found.hello.default_threads, "thread"), count_text(usable, "processor")),
          fmt::format(
              "set {}={} for programs that do not use blastune",
              found.hello.build.threading == Threading::openmp ? "OMP_NUM_THREADS" : "OPENBLAS_NUM_THREADS",
              usable));
    }
    if (allowed <= 0 || allowed >= inputs_.online_processors) {
      if (!inputs_.limits.quota_cores) {
        add(Severity::good, "limits",
            fmt::format("{} may be used, without affinity or quota below that",
                        count_text(usable, "processor")));
      }
    }
  }

  void look_at_variables() {
    for (const std::string& variable : inputs_.variables) {
      const std::size_t equals = variable.find('=');
      if (equals == std::string::npos) continue;
      const std::string name = variable.substr(0, equals);
      const std::string value = variable.substr(equals + 1);
      if (value.empty()) continue;
      if (name == "BLASTUNE_DISABLE") {
        if (value != "0") {
          add(Severity::warning, "limits", variable + " switches blastune off in programs",
              "unset BLASTUNE_DISABLE");
        }
        continue;
      }
      int count = 0;
      const char* const end = value.data() + value.size();
      // OpenMP allows a list, one a level of nesting; the first counts here.
      const auto [stopped, problem] = std::from_chars(value.data(), end, count);
      if (problem != std::errc{} || count < 1 || (stopped != end && *stopped != ',')) {
        add(Severity::warning, "limits", variable + " is no thread count", "correct it or unset " + name);
      } else if (count == 1) {
        add(Severity::warning, "limits", variable + " leaves one thread, so there is nothing to choose",
            "unset " + name + " if that is not meant");
      } else {
        add(Severity::note, "limits", variable + " is an upper bound that advice never exceeds");
      }
    }
  }

  void look_at_configuration() {
    if (inputs_.config_error) {
      add(Severity::problem, "configuration", inputs_.config_error->what, inputs_.config_error->remedy);
    }
    for (const std::string& warning : inputs_.config_warnings)
      add(Severity::warning, "configuration", warning, "see blastune.json(5) for the keys there are");
  }

  void look_at_tables() {
    for (const TableFile& file : inputs_.table_files) {
      if (!file.error) continue;
      // No file at one of several places is nothing to tell.
      if (file.error->kind == ErrorKind::not_found) continue;
      add(Severity::problem, "tables", file.error->what, file.error->remedy);
    }
    for (const FoundBuild& found : inputs_.discovery.builds) {
      if (found.hello.setter != CountSetter::none) look_at_table_of(found);
    }
    look_at_foreign_tables();
  }

  void look_at_table_of(const FoundBuild& found) {
    const Build& build = found.hello.build;
    if (inputs_.machine) {
      for (const TableFile& file : inputs_.table_files) {
        const Table* table = find_table(file.tables, *inputs_.machine, build);
        if (table == nullptr) continue;
        const std::int64_t age = std::max<std::int64_t>(0, inputs_.now_unix - table->measured_unix);
        const std::string text = fmt::format(
            "{}: {}, last measured {} ago, in {}", describe(build),
            count_text(static_cast<std::int64_t>(table->curves.size()), "curve"), age_text(age), file.path);
        if (age > old_table_seconds)
          add(Severity::note, "tables", text, "run `blastune tune` to measure again");
        else
          add(Severity::good, "tables", text);
        return;
      }
    }
    add(found.is_default ? Severity::warning : Severity::note, "tables",
        fmt::format(
            "{}: not measured on this machine; `blastune run` keeps its calls within their limits, and no "
            "more",
            describe(build)),
        found.is_default ? "run `blastune tune`"
                         : "if programs use it, run `blastune tune --blas " + file_of(found) + "`");
  }

  // Tables that answer for nothing here, counted; they are kept, since another machine may share the file.
  void look_at_foreign_tables() {
    for (const TableFile& file : inputs_.table_files) {
      std::int64_t foreign = 0;
      for (const Table& table : file.tables) {
        const bool ours = inputs_.machine && table.machine == *inputs_.machine;
        const bool known = std::any_of(
            inputs_.discovery.builds.begin(), inputs_.discovery.builds.end(),
            [&table](const FoundBuild& found) { return same_build(found.hello.build, table.build); });
        if (!ours || !known) ++foreign;
      }
      if (foreign > 0) {
        add(Severity::note, "tables",
            fmt::format("{} holds {} for other machines or builds", file.path, count_text(foreign, "table")));
      }
    }
  }

  static std::string file_of(const FoundBuild& found) {
    return found.hello.build.path.empty() ? found.names.front() : found.hello.build.path;
  }

  const DoctorInputs& inputs_;
  std::vector<Finding> findings_;
};

nlohmann::ordered_json build_json(const FoundBuild& found) {
  const Build& build = found.hello.build;
  nlohmann::ordered_json json;
  json["version"] = to_string(build.version);
  json["threading"] = name(build.threading);
  json["core"] = build.core_name;
  json["integer_bits"] = build.integer_bits;
  json["prefix"] = build.prefix;
  json["suffix"] = build.suffix;
  json["max_threads"] = build.max_threads;
  json["build_id"] = build.build_id;
  json["config"] = build.config;
  json["path"] = build.path;
  json["names"] = found.names;
  json["default"] = found.is_default;
  json["default_threads"] = found.hello.default_threads;
  json["setter"] = name(found.hello.setter);
  return json;
}

DoctorInputs look(const DoctorOptions& options) {
  DoctorInputs inputs;
  RealFileSystem files;
  const auto config = load_config(files, options.config_directory);
  if (config)
    inputs.config_warnings = config->warnings;
  else
    inputs.config_error = config.error();
  const Result<std::string> worker = find_worker();
  if (worker) {
    DiscoveryOptions discovery = usual_places();
    discovery.worker_options.interrupted = options.interrupted;
    if (config) {
      const auto& libraries = config->config.daemon.libraries;
      discovery.files.insert(discovery.files.end(), libraries.begin(), libraries.end());
    }
    if (!options.blas_file.empty()) discovery.files.push_back(options.blas_file);
    Result<Discovery> found = discover_builds(*worker, discovery);
    if (found)
      inputs.discovery = std::move(*found);
    else
      inputs.discovery_error = found.error();
  } else {
    inputs.discovery_error = worker.error();
  }
  for (const char* variable : telling_variables) {
    if (const char* value = ::getenv(variable); value != nullptr)
      inputs.variables.push_back(std::string(variable) + "=" + value);
  }
  inputs.limits = read_cpu_limits();
  inputs.online_processors = static_cast<int>(std::max(1L, ::sysconf(_SC_NPROCESSORS_ONLN)));
  if (Result<MachineSignature> machine = read_machine_signature()) inputs.machine = std::move(*machine);
  for (const std::string& path : table_location(read_table_environment()).candidates) {
    TableFile file;
    file.path = path;
    Result<Tables> tables = load_tables(files, path);
    if (tables)
      file.tables = std::move(*tables);
    else
      file.error = tables.error();
    inputs.table_files.push_back(std::move(file));
  }
  SystemClock clock;
  inputs.now_unix = clock.unix_seconds();
  return inputs;
}

}  // namespace

std::string_view severity_name(Severity severity) {
  switch (severity) {
    case Severity::good:
      return "good";
    case Severity::note:
      return "note";
    case Severity::warning:
      return "warning";
    case Severity::problem:
      return "problem";
  }
  return "problem";
}

std::vector<Finding> diagnose(const DoctorInputs& inputs) {
  return Diagnosis(inputs).findings();
}

std::string doctor_text(const std::vector<Finding>& findings) {
  std::string text;
  std::string_view topic;
  for (const Finding& finding : findings) {
    if (finding.topic != topic) {
      topic = finding.topic;
      text += fmt::format("{}{}\n", text.empty() ? "" : "\n", topic);
    }
    text += fmt::format("  {:<8} {}\n", severity_name(finding.severity), finding.text);
    if (!finding.remedy.empty()) text += fmt::format("  {:<8} -> {}\n", "", finding.remedy);
  }
  return text;
}

std::string doctor_json(const DoctorInputs& inputs, const std::vector<Finding>& findings) {
  nlohmann::ordered_json root;
  root["schema"] = schema_version;
  root["builds"] = nlohmann::ordered_json::array();
  for (const FoundBuild& found : inputs.discovery.builds) root["builds"].push_back(build_json(found));
  root["findings"] = nlohmann::ordered_json::array();
  for (const Finding& finding : findings) {
    nlohmann::ordered_json json;
    json["severity"] = severity_name(finding.severity);
    json["topic"] = finding.topic;
    json["text"] = finding.text;
    json["remedy"] =
        finding.remedy.empty() ? nlohmann::ordered_json(nullptr) : nlohmann::ordered_json(finding.remedy);
    root["findings"].push_back(std::move(json));
  }
  // A library's own texts may be in any encoding.
  return root.dump(-1, ' ', false, nlohmann::ordered_json::error_handler_t::replace) + "\n";
}

Result<bool> run_doctor(const DoctorOptions& options, std::ostream& out) {
  const DoctorInputs inputs = look(options);
  if (inputs.discovery_error && inputs.discovery_error->kind == ErrorKind::interrupted)
    return *inputs.discovery_error;
  const std::vector<Finding> findings = diagnose(inputs);
  out << (options.json ? doctor_json(inputs, findings) : doctor_text(findings)) << std::flush;
  if (!out) return Error{ErrorKind::unavailable, "cannot write the answer", "check where it goes"};
  return std::none_of(findings.begin(), findings.end(),
                      [](const Finding& finding) { return finding.severity == Severity::problem; });
}

}  // namespace blastune
