// SPDX-License-Identifier: BSD-3-Clause
#include "cli/observed_run.h"

#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <filesystem>
#include <string_view>

#include "base/file_system.h"
#include "base/kernel_file.h"
#include "base/trusted_file.h"
#include "base/unique_fd.h"
#include "cli/interruption.h"
#include "cli/preload_location.h"

namespace blastune {
namespace {

constexpr std::size_t largest_report = std::size_t{80} << 20U;
constexpr std::size_t most_processes = 1000;
constexpr double seconds_to_end_by_itself = 1;
constexpr double seconds_to_end_when_told = 5;

// A file for what processes tell, that nobody else can write to.
class ReportFile {
 public:
  static Result<ReportFile> make() {
    std::error_code problem;
    const auto place = std::filesystem::temp_directory_path(problem);
    std::string pattern = ((problem ? "/tmp" : place) / "blastune-doctor-XXXXXX").string();
    if (::mkdtemp(pattern.data()) == nullptr)
      return system_error("cannot make the directory " + pattern, errno,
                          "set TMPDIR to one that can be written to");
    ReportFile made(pattern);
    const UniqueFd fd(::open(made.path().c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600));
    if (!fd.valid()) return system_error("cannot make the file " + made.path(), errno);
    return made;
  }
  ReportFile(ReportFile&& other) noexcept { std::swap(directory_, other.directory_); }
  ReportFile& operator=(ReportFile&&) = delete;
  ReportFile(const ReportFile&) = delete;
  ReportFile& operator=(const ReportFile&) = delete;
  ~ReportFile() {
    if (directory_.empty()) return;
    ::unlink(path().c_str());
    ::rmdir(directory_.c_str());
  }
  [[nodiscard]] std::string path() const { return directory_ + "/findings"; }

 private:
  explicit ReportFile(std::string directory) : directory_(std::move(directory)) {}
  std::string directory_;
};

double monotonic_seconds() {
  timespec now{};
  ::clock_gettime(CLOCK_MONOTONIC, &now);
  return static_cast<double>(now.tv_sec) + 1e-9 * static_cast<double>(now.tv_nsec);
}

std::vector<char*> pointers_to(std::vector<std::string>& words) {
  std::vector<char*> pointers;
  pointers.reserve(words.size() + 1);
  for (std::string& word : words) pointers.push_back(word.data());
  pointers.push_back(nullptr);
  return pointers;
}

struct Started {
  pid_t process = 0;
  int problem = 0;
};

// Everything the child needs is made before it is there.
Started start(const std::string& path, bool is_elf, std::vector<std::string> words,
              const std::string& library, const std::string& report) {
  std::array<int, 2> ends = {-1, -1};
  if (::pipe2(ends.data(), O_CLOEXEC) != 0) return {0, errno};
  UniqueFd reading(ends[0]);
  UniqueFd writing(ends[1]);
  const char* present = ::getenv("LD_PRELOAD");
  const std::string preload = add_preload(present == nullptr ? "" : present, library);
  std::vector<char*> arguments = pointers_to(words);
  std::vector<std::string> shell_words = {"sh", path};
  shell_words.insert(shell_words.end(), words.begin() + 1, words.end());
  const std::vector<char*> shell_arguments = pointers_to(shell_words);
  const pid_t child = ::fork();
  if (child < 0) return {0, errno};
  if (child == 0) {
    ::dup2(STDERR_FILENO, STDOUT_FILENO);
    ::setenv("LD_PRELOAD", preload.c_str(), 1);
    ::setenv("BLASTUNE_FINDINGS", report.c_str(), 1);
    ::execv(path.c_str(), arguments.data());
    if (errno == ENOEXEC && !is_elf) ::execv("/bin/sh", shell_arguments.data());
    const int problem = errno;
    (void)!::write(writing.get(), &problem, sizeof problem);
    ::_exit(127);
  }
  writing.reset();
  int problem = 0;
  ssize_t count = 0;
  do count = ::read(reading.get(), &problem, sizeof problem);
  while (count < 0 && errno == EINTR);
  if (count != sizeof problem) return {child, 0};
  ::waitpid(child, nullptr, 0);
  return {0, problem};
}

void wait_for_end(pid_t process, ObservedRun& run) {
  double told_at = 0;
  bool was_told = false;
  for (;;) {
    int status = 0;
    const pid_t ended = ::waitpid(process, &status, WNOHANG);
    if (ended == process || (ended < 0 && errno != EINTR)) {
      run.signal = WIFSIGNALED(status) ? WTERMSIG(status) : 0;
      run.status = run.signal != 0 ? 128 + run.signal : WEXITSTATUS(status);
      return;
    }
    if (Interruption::requested()) {
      const double now = monotonic_seconds();
      if (!run.was_interrupted) told_at = now;
      run.was_interrupted = true;
      // A terminal told it as well; who asked us alone did not.
      if (!was_told && now - told_at > seconds_to_end_by_itself) {
        ::kill(process, SIGTERM);
        was_told = true;
      }
      if (now - told_at > seconds_to_end_when_told) ::kill(process, SIGKILL);
    }
    const timespec pause = {0, 10'000'000};
    ::nanosleep(&pause, nullptr);
  }
}

}  // namespace

void read_findings(std::string_view text, ObservedRun& run) {
  while (!text.empty()) {
    const std::string_view line = take_until(text, '\n');
    Result<ProcessFindings> found = parse_findings_line(line);
    if (!found) {
      ++run.damaged;
      continue;
    }
    const auto known = std::ranges::find_if(run.processes, [&](const ProcessFindings& before) {
      return before.process == found->process && before.began == found->began;
    });
    if (known != run.processes.end())
      *known = std::move(*found);
    else if (run.processes.size() < most_processes)
      run.processes.push_back(std::move(*found));
  }
}

Result<ObservedRun> observe(const std::string& path, bool is_elf, const std::vector<std::string>& command,
                            const std::string& preload_library) {
  const Result<ReportFile> report = ReportFile::make();
  if (!report) return report.error();
  const Interruption interruption;
  ObservedRun run;
  const Started started = start(path, is_elf, command, preload_library, report->path());
  run.cannot_run = started.problem;
  run.process = started.process;
  if (started.process == 0) return run;
  wait_for_end(started.process, run);
  RealFileSystem files;
  const Result<std::string> told = read_file(files, report->path(), largest_report);
  if (!told) return told.error();
  read_findings(*told, run);
  return run;
}

}  // namespace blastune
