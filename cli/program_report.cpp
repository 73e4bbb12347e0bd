// SPDX-License-Identifier: BSD-3-Clause
#include "cli/program_report.h"

#include <fmt/core.h>
#include <string.h>

#include <algorithm>
#include <array>
#include <string_view>
#include <utility>

#include "base/parse.h"
#include "cli/format.h"

namespace blastune {
namespace {

constexpr std::size_t most_told = 8;
constexpr std::size_t most_callers_named = 2;
constexpr std::string_view program_topic = "program";
constexpr std::string_view install = "install OpenBLAS (Debian: apt install libopenblas0-pthread)";

std::string base_name(const std::string& path) {
  return path.substr(path.find_last_of('/') + 1);
}

// OpenBLAS as one, with the libraries that lead to it; or another BLAS.
struct Library {
  const BlasFindings* blas = nullptr;
  std::vector<std::string> paths;
  std::uint64_t multiplies = 0;
  std::uint64_t others = 0;
  std::vector<std::string> callers;  // who has its functions by name
  std::vector<std::string> calling;  // who called
};

void add_once(std::vector<std::string>& names, const std::string& name) {
  if (std::ranges::find(names, name) == names.end()) names.push_back(name);
}

std::vector<Library> libraries_of(const ProcessFindings& process) {
  std::vector<Library> libraries;
  for (const BlasFindings& blas : process.blas) {
    const auto same = std::ranges::find_if(libraries, [&](const Library& library) {
      return !blas.openblas.empty() && library.blas->openblas == blas.openblas;
    });
    Library& library = same == libraries.end() ? libraries.emplace_back() : *same;
    if (library.blas == nullptr) library.blas = &blas;
    library.paths.push_back(blas.path);
  }
  for (const CallerFindings& caller : process.callers) {
    for (Library& library : libraries) {
      if (std::ranges::find(library.paths, caller.blas) == library.paths.end()) continue;
      // One of its functions that calls another one was called itself.
      if (std::ranges::find(library.paths, caller.path) != library.paths.end()) continue;
      library.multiplies += caller.multiplies;
      library.others += caller.others;
      add_once(library.callers, base_name(caller.path));
      if (caller.multiplies + caller.others > 0) add_once(library.calling, base_name(caller.path));
    }
  }
  return libraries;
}

std::string named(const std::vector<std::string>& names, std::size_t most) {
  std::string text;
  for (std::size_t i = 0; i < std::min(names.size(), most); ++i)
    text += (i == 0 ? "" : ", ") + printable(names[i]);
  if (names.size() > most) text += fmt::format(" and {} more", names.size() - most);
  return text;
}

std::string topic_of(const ProgramGroup& group) {
  const std::string program = printable(base_name(group.findings.program));
  if (group.which.size() == 1) return fmt::format("{}, process {}", program, group.which.front());
  std::vector<std::string> numbers;
  for (const std::int64_t number : group.which) numbers.push_back(std::to_string(number));
  return fmt::format("{}, {} processes ({})", program, numbers.size(), named(numbers, 4));
}

class Diagnosis {
 public:
  explicit Diagnosis(const ProgramInputs& inputs) : inputs_(inputs) {}

  std::vector<Finding> findings() {
    topic_ = program_topic;
    const std::vector<ProgramGroup> groups = group_processes(inputs_.run.processes);
    look_at_file();
    if (inputs_.run.process != 0) look_at_end(groups);
    const bool has_own = look_inside();
    const bool nothing_else = groups.empty() && !has_own && inputs_.run.process != 0 && was_heard_of();
    if (nothing_else) tell_of_nothing();
    for (std::size_t i = 0; i < std::min(groups.size(), most_told); ++i) look_at(groups[i]);
    if (groups.size() > most_told) {
      topic_ = "more";
      add(Severity::note, fmt::format("{} more kinds of processes loaded a BLAS and are not told of",
                                      groups.size() - most_told));
    }
    return std::move(findings_);
  }

 private:
  void add(Severity severity, std::string text, std::string remedy = {}) {
    findings_.push_back({severity, topic_, std::move(text), std::move(remedy)});
  }

  [[nodiscard]] bool was_heard_of() const {
    return std::ranges::any_of(inputs_.run.processes, [&](const ProcessFindings& process) {
      return process.process == inputs_.run.process;
    });
  }

  void look_at_file() {
    const ProgramFile& program = inputs_.chain.back();
    const std::string what = inputs_.chain.size() == 1
                                 ? printable(program.path)
                                 : fmt::format("{}, which runs {}", printable(program.path),
                                               printable(inputs_.chain.front().path));
    // What did happen says more than what was expected.
    if (was_heard_of()) {
      add(Severity::good, "the preload library was loaded into " + what);
    } else if (const auto reason = obstacle(program, inputs_.runner)) {
      add(Severity::problem, reason->what, reason->remedy);
    } else if (inputs_.run.process != 0) {
      add(Severity::problem, "the preload library was not loaded into " + what,
          "see what the dynamic loader says above; LD_DEBUG=libs has it say more");
    }
  }

  void look_at_end(const std::vector<ProgramGroup>& groups) {
    const int status = inputs_.run.status;
    const int signal = inputs_.run.signal;
    if (inputs_.run.was_interrupted) {
      add(Severity::note, "it was ended by Ctrl-C or a signal to this command");
    } else if (signal != 0) {
      add(Severity::warning, fmt::format("it was ended by signal {} ({}), so not all that it does was seen",
                                         signal, ::strsignal(signal)));
    } else if (status != 0) {
      add(Severity::note, fmt::format("it ended with status {}", status));
    }
    if (inputs_.run.damaged > 0) {
      add(Severity::warning,
          count_text(static_cast<std::int64_t>(inputs_.run.damaged), "line") +
              " of what it told could not be read",
          "is the disk full, or did the program write to the file in BLASTUNE_FINDINGS?");
    }
    const auto silent = std::ranges::find_if(inputs_.run.processes, [&](const ProcessFindings& process) {
      return process.process == inputs_.run.process && process.began == last_began() && !process.ended;
    });
    if (groups.empty() && silent != inputs_.run.processes.end()) {
      add(Severity::note, printable(silent->program) +
                              " ended without a word (by a signal or _exit), so a BLAS that it "
                              "loaded late and did not call was not seen");
    }
  }
  [[nodiscard]] std::uint64_t last_began() const {
    std::uint64_t began = 0;
    for (const ProcessFindings& process : inputs_.run.processes) {
      if (process.process == inputs_.run.process) began = std::max(began, process.began);
    }
    return began;
  }

  // Programs in which no library is a BLAS may be one themselves.
  bool look_inside() {
    std::vector<std::string> programs;
    for (const ProcessFindings& process : inputs_.run.processes) {
      if (process.blas.empty()) programs.push_back(process.program);
    }
    if (!was_heard_of()) programs.push_back(inputs_.chain.back().path);
    std::ranges::sort(programs);
    programs.erase(std::unique(programs.begin(), programs.end()), programs.end());
    bool found_one = false;
    for (std::size_t i = 0; i < std::min(programs.size(), most_told); ++i) {
      const auto inside = inputs_.blas_inside(programs[i]);
      if (!inside) continue;
      found_one = true;
      add(Severity::problem,
          fmt::format("{} has {} inside, linked statically: its calls go past the preload library",
                      printable(programs[i]), printable(*inside)),
          "link it with the shared library (libopenblas.so), or have it call libblastune-client");
    }
    return found_one;
  }

  void tell_of_nothing() {
    const std::size_t others = inputs_.run.processes.size() - 1;
    add(Severity::problem,
        others == 0 ? std::string("it loaded no BLAS")
                    : fmt::format("neither it nor {} that it started loaded a BLAS",
                                  count_text(static_cast<std::int64_t>(others), "program")),
        "let it do some of its work here: many programs load their BLAS when they first need it");
  }

  void look_at(const ProgramGroup& group) {
    topic_ = topic_of(group);
    const ProcessFindings& process = group.findings;
    if (process.disabled) {
      add(Severity::problem, "BLASTUNE_DISABLE switches blastune off in it", "unset BLASTUNE_DISABLE");
      return;
    }
    for (const Library& library : libraries_of(process)) {
      if (!library.blas->was_asked)
        look_at_unasked(library);
      else if (library.blas->openblas.empty())
        look_at_other(library);
      else
        look_at_openblas(process, library);
    }
  }

  void look_at_unasked(const Library& library) {
    add(Severity::warning,
        fmt::format(
            "{} was loaded, and the process ended (by a signal or _exit) before a call to it, so it is not "
            "known which BLAS it is",
            printable(library.blas->path)),
        "let it multiply, or end by itself");
  }

  void look_at_other(const Library& library) {
    const OtherBlas other = other_blas(library.blas->path, inputs_.alternatives);
    const std::uint64_t calls = library.multiplies + library.others;
    if (calls == 0 && library.callers.empty()) {
      add(Severity::note,
          fmt::format("{} is {}; nothing calls it by name", printable(library.blas->path), other.name));
      return;
    }
    const std::string what =
        calls == 0 ? fmt::format("calls of {} would pass", named(library.callers, most_callers_named))
                   : fmt::format("{} of {} passed", count_text(static_cast<std::int64_t>(calls), "call"),
                                 named(library.calling, most_callers_named));
    add(Severity::problem,
        fmt::format("{} is {}: {} through unchanged", printable(library.blas->path), other.name, what),
        other.remedy);
  }

  void look_at_openblas(const ProcessFindings& process, const Library& library) {
    const BlasFindings& blas = *library.blas;
    const std::string affixes =
        blas.prefix.empty() && blas.suffix.empty()
            ? ""
            : fmt::format(", names as {}cblas_dgemm{}", printable(blas.prefix), printable(blas.suffix));
    add(Severity::good, fmt::format("{}, {}-bit integers{}: {}", printable(blas.build), blas.integer_bits,
                                    affixes, printable(blas.openblas)));
    look_at_calls(process, library);
    if (!blas.applies) {
      const bool serial = blas.build.find(" serial") != blas.build.npos;
      add(Severity::problem,
          serial ? "it never uses more than one thread" : "there is no safe way to set its count",
          "have the program load a pthread build (Debian: apt install libopenblas0-pthread)");
    }
    look_at_advice(blas);
  }

  void look_at_calls(const ProcessFindings& process, const Library& library) {
    if (library.multiplies + library.others > 0) {
      const std::string least = process.ended ? "" : "at least ";
      std::string text = fmt::format("{}{} came through the preload library", least,
                                     count_text(static_cast<std::int64_t>(library.multiplies), "gemm"));
      if (library.others > 0)
        text += fmt::format(", and {}", count_text(static_cast<std::int64_t>(library.others), "other call"));
      add(Severity::good, text + ": from " + named(library.calling, most_callers_named));
    } else if (!library.callers.empty()) {
      add(Severity::good, fmt::format("it was not called; calls of {} would come through the preload library",
                                      named(library.callers, most_callers_named)));
    } else {
      add(Severity::problem,
          "nothing that was loaded calls it by name: who has a function's address from dlsym (as ctypes), "
          "was "
          "opened with RTLD_DEEPBIND, or is bound to itself (-Bsymbolic) goes past the preload library",
          "call it by name, as programs do that are linked with -lopenblas, or call libblastune-client");
    }
  }

  void look_at_advice(const BlasFindings& blas) {
    if (blas.reason == reason_names[0]) {
      add(Severity::good, fmt::format("{} has advice for it, from {}", printable(blas.table),
                                      count_text(blas.curves, "measured gemm")));
      if (blas.limit == 1) {
        add(Severity::warning, "it may use one thread only, so there is nothing to choose",
            "see OPENBLAS_NUM_THREADS, OMP_NUM_THREADS, BLASTUNE_MAX_THREADS, affinity and quota (blastune "
            "doctor)");
      }
      return;
    }
    const std::size_t remedy = blas.message.rfind("; ");
    if (remedy == blas.message.npos)
      add(Severity::problem, "there is no advice for it: " + printable(blas.message),
          "run `blastune doctor`");
    else
      add(Severity::problem, "there is no advice for it: " + printable(blas.message.substr(0, remedy)),
          printable(blas.message.substr(remedy + 2)));
  }

  const ProgramInputs& inputs_;
  std::string topic_;
  std::vector<Finding> findings_;
};

// The file among the alternatives that stands beside that library in Debian's tree.
std::string alternative_beside(const std::string& path, const std::vector<std::string>& alternatives) {
  std::string beside;
  for (const std::string& candidate : alternatives) {
    const std::string tree = candidate.substr(0, candidate.rfind("/openblas-") + 1);
    if (tree.empty() || !path.starts_with(tree)) continue;
    if (beside.empty() || candidate.find("pthread") != candidate.npos) beside = candidate;
  }
  return beside;
}

}  // namespace

OtherBlas other_blas(const std::string& path, const std::vector<std::string>& alternatives) {
  struct Known {
    std::string_view mark;  // in the file's name
    std::string_view name;
    bool is_choice;  // what Debian's libblas.so.3 may lead to
  };
  constexpr std::array<Known, 11> known = {{{"libflexiblas", "FlexiBLAS", true},
                                            {"libmkl_", "Intel MKL", true},
                                            {"libblis", "BLIS", true},
                                            {"atlas", "ATLAS", true},
                                            {"libgslcblas", "the BLAS of GSL", false},
                                            {"libarmpl", "Arm Performance Libraries", false},
                                            {"libnvblas", "NVBLAS", false},
                                            {"libessl", "IBM ESSL", false},
                                            {"libnvpl_blas", "NVPL", false},
                                            {"libcblas", "the reference BLAS", true},
                                            {"libblas", "the reference BLAS", true}}};
  const std::string file = base_name(path);
  const bool in_atlas = path.find("/atlas/") != path.npos;
  const auto* const found = std::ranges::find_if(known, [&](const Known& each) {
    return file.find(each.mark) != file.npos || (in_atlas && each.mark == "atlas");
  });
  const bool in_blis = path.find("/blis-") != path.npos;
  OtherBlas other;
  other.name = in_blis ? "BLIS" : found == known.end() ? "no OpenBLAS" : std::string(found->name);
  if (other.name != "no OpenBLAS") other.name += ", no OpenBLAS";
  const std::string beside = alternative_beside(path, alternatives);
  if (!beside.empty()) {
    const std::string tree = beside.substr(0, beside.rfind("/openblas-"));
    other.remedy =
        fmt::format("have libblas.so.3 lead to OpenBLAS: update-alternatives --set libblas.so.3-{} {}",
                    base_name(tree), beside);
  } else if (in_blis || (found != known.end() && found->is_choice && path.starts_with("/usr/lib"))) {
    other.remedy = std::string(install) + ", and have libblas.so.3 lead to it (update-alternatives)";
  } else {
    other.remedy = "use a build of the program that loads OpenBLAS, as NumPy's from Debian and PyPI";
  }
  return other;
}

std::vector<ProgramGroup> group_processes(const std::vector<ProcessFindings>& processes) {
  std::vector<ProgramGroup> groups;
  const auto has_calls = [](const ProcessFindings& process) {
    return std::ranges::any_of(
        process.callers, [](const CallerFindings& caller) { return caller.multiplies + caller.others > 0; });
  };
  for (const ProcessFindings& process : processes) {
    if (process.blas.empty()) continue;
    const bool is_idle_copy =
        process.forked && !has_calls(process) &&
        std::ranges::any_of(processes, [&](const ProcessFindings& other) {
          return other.process == process.parent && other.began == process.began && !other.blas.empty();
        });
    if (is_idle_copy) continue;
    const auto same = std::ranges::find_if(groups, [&](const ProgramGroup& group) {
      return group.findings.program == process.program && group.findings.blas == process.blas &&
             group.findings.disabled == process.disabled;
    });
    if (same == groups.end()) {
      groups.push_back({process, {process.process}});
      continue;
    }
    same->which.push_back(process.process);
    same->findings.ended = same->findings.ended && process.ended;
    for (const CallerFindings& caller : process.callers) {
      auto& known = same->findings.callers;
      const auto at = std::ranges::find_if(known, [&](const CallerFindings& each) {
        return each.path == caller.path && each.blas == caller.blas;
      });
      if (at == known.end()) {
        known.push_back(caller);
      } else {
        at->multiplies += caller.multiplies;
        at->others += caller.others;
      }
    }
  }
  return groups;
}

std::vector<Finding> diagnose_program(const ProgramInputs& inputs) {
  return Diagnosis(inputs).findings();
}

}  // namespace blastune
