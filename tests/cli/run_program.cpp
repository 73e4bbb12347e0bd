// SPDX-License-Identifier: BSD-3-Clause
#include "tests/cli/run_program.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/unique_fd.h"

namespace blastune::testing {
namespace {

std::vector<char*> pointers(std::vector<std::string>& texts) {
  std::vector<char*> all;
  for (auto& text : texts) all.push_back(text.data());
  all.push_back(nullptr);
  return all;
}

struct Pipe {
  UniqueFd reading;
  UniqueFd writing;
};

Pipe make_pipe() {
  int ends[2] = {-1, -1};
  if (pipe2(ends, O_CLOEXEC) != 0) return {};
  return {UniqueFd(ends[0]), UniqueFd(ends[1])};
}

}  // namespace

Ended run_program(const Command& command) {
  std::vector<std::string> words = command.words;
  std::vector<std::string> environment;
  for (const auto& [name, value] : command.environment) environment.push_back(name + "=" + value);
  const auto word_pointers = pointers(words);
  const auto environment_pointers = pointers(environment);
  Pipe out = make_pipe();
  Pipe messages = make_pipe();
  const pid_t child = fork();
  if (child == 0) {
    const int file = command.out_file.empty() ? -1 : open(command.out_file.c_str(), O_WRONLY | O_CREAT, 0600);
    dup2(command.out_file.empty() ? out.writing.get() : file, STDOUT_FILENO);
    dup2(messages.writing.get(), STDERR_FILENO);
    execve(word_pointers[0], word_pointers.data(), environment_pointers.data());
    _exit(127);
  }
  out.writing.reset();
  messages.writing.reset();
  Ended ended;
  struct Stream {
    UniqueFd& fd;
    std::string& text;
  };
  Stream streams[] = {{out.reading, ended.out}, {messages.reading, ended.messages}};
  while (out.reading.valid() || messages.reading.valid()) {
    pollfd polled[] = {{out.reading.get(), POLLIN, 0}, {messages.reading.get(), POLLIN, 0}};
    poll(polled, 2, -1);
    for (int i = 0; i < 2; ++i) {
      if (polled[i].revents == 0) continue;
      char buffer[4096];
      const auto count = read(polled[i].fd, buffer, sizeof buffer);
      if (count <= 0) {
        streams[i].fd.reset();
      } else {
        streams[i].text.append(buffer, static_cast<std::size_t>(count));
      }
    }
  }
  int status = 0;
  waitpid(child, &status, 0);
  ended.status = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
  return ended;
}

}  // namespace blastune::testing
