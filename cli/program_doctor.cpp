// SPDX-License-Identifier: BSD-3-Clause
#include "cli/program_doctor.h"

#include <stdlib.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <filesystem>
#include <ostream>
#include <utility>

#include "base/parse.h"
#include "cli/preload_location.h"
#include "cli/program_report.h"

namespace blastune {
namespace {

// As execvp() looks where nobody says where.
constexpr const char* usual_search_path = "/bin:/usr/bin";

ExitStatus complain_of(const std::string& word, int problem, const Session& session) {
  session.complain(
      {ErrorKind::unavailable, "cannot run " + in_quotes(word) + ": " + std::strerror(problem), ""});
  return problem == ENOENT ? exit_program_not_found : exit_program_cannot_run;
}

// What Debian's packages of OpenBLAS offer as libblas.so.3.
std::vector<std::string> blas_alternatives() {
  std::vector<std::string> found;
  std::error_code problem;
  for (const auto& tree : std::filesystem::directory_iterator("/usr/lib", problem)) {
    if (!tree.is_directory(problem)) continue;
    for (const char* flavour : {"openblas-pthread", "openblas-openmp", "openblas-serial"}) {
      const std::filesystem::path file = tree.path() / flavour / "libblas.so.3";
      if (std::filesystem::exists(file, problem)) found.push_back(file.string());
    }
  }
  std::ranges::sort(found);
  return found;
}

}  // namespace

Result<ExitStatus> doctor_program(const std::vector<std::string>& command, bool json,
                                  const Session& session) {
  const Result<std::string> library = find_preload();
  if (!library) return library.error();
  const char* const variable = ::getenv("PATH");
  const std::string search_path = variable == nullptr ? usual_search_path : variable;
  const std::optional<std::string> path = find_program(command.front(), search_path);
  if (!path) return complain_of(command.front(), ENOENT, session);
  ProgramInputs inputs;
  inputs.chain = program_chain(*path, search_path);
  if (inputs.chain.empty()) {
    const Result<ProgramFile> program = look_at_program(*path);
    const int problem = program ? EACCES : program.error().error_number;
    return complain_of(command.front(), problem == 0 ? EACCES : problem, session);
  }
  Result<ObservedRun> run =
      observe(*path, inputs.chain.front().elf.has_value(), command, preload_word(*library, loader_lib()));
  if (!run) return run.error();
  inputs.command = command;
  inputs.runner = this_runner();
  inputs.run = std::move(*run);
  inputs.blas_inside = blas_inside;
  inputs.alternatives = blas_alternatives();
  const std::vector<Finding> findings = diagnose_program(inputs);
  session.out << (json ? program_json(inputs, findings) : doctor_text(findings)) << std::flush;
  if (inputs.run.cannot_run != 0) return complain_of(command.front(), inputs.run.cannot_run, session);
  const bool healthy = std::ranges::none_of(
      findings, [](const Finding& finding) { return finding.severity == Severity::problem; });
  return healthy ? exit_done : exit_failed;
}

}  // namespace blastune
