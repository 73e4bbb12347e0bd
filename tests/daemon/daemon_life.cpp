// SPDX-License-Identifier: BSD-3-Clause
#include "tests/daemon/daemon_life.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cstring>
#include <fstream>
#include <sstream>

#include "control/control_client.h"

namespace blastune {
namespace {

// Real time, and only for a daemon that hangs: nothing passes or fails by it otherwise.
constexpr int lost_ms = 60000;
constexpr double reply_seconds = 60;
constexpr double check_seconds = 6 * 3600;

}  // namespace

DaemonLife::DaemonLife(Story story, DaemonPrograms programs)
    : programs_(std::move(programs)), machine_(std::move(story), programs_.worker) {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  const std::string path = machine_.directory() + "/clock";
  std::strncpy(address.sun_path, path.c_str(), sizeof address.sun_path - 1);
  listener_ = UniqueFd(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
  if (::bind(listener_.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0 ||
      ::listen(listener_.get(), 1) != 0)
    std::abort();
  // In the place of the page of the load, which would have the daemon wake ten times in each simulated
  // second.
  for (const char* name : {"config", "run", "run/load"})
    ::mkdir((machine_.directory() + "/" + name).c_str(), 0755);
  std::ofstream(machine_.directory() + "/config/blastune.json") << "{}\n";
}

DaemonLife::~DaemonLife() {
  if (daemon_ > 0) {
    ::kill(daemon_, SIGKILL);
    ::waitpid(daemon_, nullptr, 0);
  }
}

void DaemonLife::problem(const std::string& what) {
  std::ostringstream text;
  text << "after " << machine_.script().passed() << " s: " << what;
  problems_.push_back(text.str());
}

void DaemonLife::start_daemon() {
  const std::string directory = machine_.directory();
  std::vector<std::string> words = {programs_.daemon,  "--config",   directory + "/config",
                                    "--table",         table_path(), "--runtime-directory",
                                    directory + "/run"};
  std::vector<std::string> variables = {
      "LD_PRELOAD=" + programs_.simulated_time,
      "LD_LIBRARY_PATH=" + machine_.libraries(),
      "HOME=" + directory,
      "HWLOC_SYNTHETIC=core:2 pu:1",
      "HWLOC_THISSYSTEM=1",
      "BLASTUNE_WORKER=" + machine_.worker(),
      "BLASTUNE_KERNEL_ROOT=" + machine_.kernel_root(),
      "SIMULATED_TIME=" + machine_.clock(),
      "SIMULATED_TIME_SOCKET=" + directory + "/clock",
      // The library comes before a sanitizer's own.
      "ASAN_OPTIONS=verify_asan_link_order=0",
  };
  std::vector<char*> arguments;
  for (std::string& word : words) arguments.push_back(word.data());
  arguments.push_back(nullptr);
  std::vector<char*> environment;
  for (std::string& variable : variables) environment.push_back(variable.data());
  environment.push_back(nullptr);
  const UniqueFd log(::open((directory + "/log").c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0644));
  daemon_ = ::fork();
  if (daemon_ == 0) {
    ::dup2(log.get(), 2);
    ::execve(arguments[0], arguments.data(), environment.data());
    ::_exit(127);
  }
  pollfd waiting{listener_.get(), POLLIN, 0};
  connection_.reset();
  if (::poll(&waiting, 1, lost_ms) == 1)
    connection_ = UniqueFd(::accept4(listener_.get(), nullptr, nullptr, SOCK_CLOEXEC));
}

void DaemonLife::end_daemon() {
  if (::kill(daemon_, SIGTERM) != 0) problem("the daemon is gone");
  // It is told to wait for real until it has heard the signal.
  while (serve_one()) continue;
  int status = 0;
  if (::waitpid(daemon_, &status, 0) != daemon_ || status != 0)
    problem("the daemon ended with status " + std::to_string(status));
  daemon_ = -1;
}

bool DaemonLife::serve_one() {
  pollfd waiting{connection_.get(), POLLIN, 0};
  if (::poll(&waiting, 1, lost_ms) != 1) {
    problem("the daemon neither waits nor ends");
    ::kill(daemon_, SIGKILL);
    return false;
  }
  TimeRequest request;
  if (::recv(connection_.get(), &request, sizeof request, MSG_WAITALL) != sizeof request) return false;
  const TimeReply reply = answer(request.until_ns);
  return ::send(connection_.get(), &reply, sizeof reply, MSG_NOSIGNAL) == sizeof reply;
}

TimeReply DaemonLife::answer(std::int64_t until_ns) {
  // The story follows the workers first.
  while (machine_.script().awake() + 1e-9 < machine_.awake_seconds()) {
    machine_.advance(machine_.awake_ns());
    carry_out_lines();
  }
  TimeReply reply;
  if (until_ns > 0) {
    if (restarting_ || is_over() || speak()) {
      reply.hold = true;
    } else {
      while (machine_.awake_ns() < until_ns && to_say_.empty() && !is_over()) {
        machine_.advance(until_ns);
        carry_out_lines();
      }
    }
  }
  machine_.show();
  if (to_say_.empty()) reply.free_until_ns = machine_.next_line_ns();
  return reply;
}

void DaemonLife::carry_out_lines() {
  while (const StoryLine* line = machine_.take_due()) {
    if (line->verb == "expect" || line->verb == "ask" || line->verb == "restart") to_say_.push_back(line);
  }
}

bool DaemonLife::speak() {
  if (to_say_.empty()) return false;
  const StoryLine& line = *to_say_.front();
  if (line.verb == "restart") {
    restarting_ = true;
    to_say_.pop_front();
    return true;
  }
  if (!said_.valid()) {
    const ControlRequest request = line.verb == "expect"            ? ControlRequest::status
                                   : line.words[0] == "measure-now" ? ControlRequest::measure
                                                                    : ControlRequest::reload;
    const std::string socket = machine_.directory() + "/run/control";
    said_ = std::async(std::launch::async, [=] { return ask_daemon(socket, request, reply_seconds); });
    return true;
  }
  if (said_.wait_for(std::chrono::seconds(0)) != std::future_status::ready) return true;
  judge(line, said_.get());
  to_say_.pop_front();
  return speak();
}

void DaemonLife::judge(const StoryLine& line, const Reply& reply) {
  if (!reply) {
    problem(line.text + ": " + reply.error().text());
  } else if (const auto* refusal = std::get_if<Refusal>(&*reply)) {
    problem(line.text + ": " + refusal->message);
  } else if (const auto* status = std::get_if<DaemonStatus>(&*reply)) {
    const std::string wrong = violated(line, facts(*status));
    if (!wrong.empty()) problem(wrong + ", " + status->doing);
  }
}

StoryFacts DaemonLife::facts(const DaemonStatus& status) const {
  StoryFacts facts;
  facts.activity = status.activity;
  facts.wait = status.wait_reason;
  facts.slices = status.slices;
  facts.disturbed = status.disturbed_slices;
  facts.drifted = drifted();
  facts.spent = status.spent.since_start;
  facts.last_hour = status.spent.last_hour;
  for (const BuildStatus& build : status.builds) {
    ++facts.builds;
    if (build.state != BuildState::unusable) ++facts.usable;
    if (build.gemms > 0 && build.settled == build.gemms) ++facts.certain;
    facts.measured_seconds += build.spent_seconds;
    if (build.next_check_seconds) {
      facts.seconds_unchecked =
          std::max(facts.seconds_unchecked.value_or(0), check_seconds - *build.next_check_seconds);
    }
  }
  return facts;
}

// Only the log keeps what earlier checks have found.
std::int64_t DaemonLife::drifted() const {
  const std::string text = log();
  std::int64_t checks = 0;
  constexpr std::string_view words = "is not as its table says any more";
  for (std::size_t at = text.find(words); at != std::string::npos; at = text.find(words, at + 1)) ++checks;
  return checks;
}

std::string DaemonLife::log() const {
  std::ifstream file(machine_.directory() + "/log");
  std::stringstream text;
  text << file.rdbuf();
  return text.str();
}

std::vector<std::string> DaemonLife::live() {
  carry_out_lines();
  start_daemon();
  while (problems_.size() < 20) {
    if (!serve_one()) {
      problem("the daemon ended by itself");
      return problems_;
    }
    if (restarting_) {
      end_daemon();
      restarting_ = false;
      start_daemon();
    }
    if (is_over()) break;
  }
  restarting_ = true;
  end_daemon();
  return problems_;
}

}  // namespace blastune
