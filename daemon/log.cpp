// SPDX-License-Identifier: BSD-3-Clause
#include "daemon/log.h"

#include <spdlog/pattern_formatter.h>
#include <spdlog/sinks/stdout_sinks.h>
#include <spdlog/spdlog.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cstdlib>
#include <string>

#include "base/parse.h"

namespace blastune {
namespace {

// "<4>": what sd-daemon(3) puts before a line.
class PriorityFlag final : public spdlog::custom_flag_formatter {
 public:
  void format(const spdlog::details::log_msg& message, const std::tm& /*time*/,
              spdlog::memory_buf_t& out) override {
    std::string_view priority = "<6>";
    if (message.level >= spdlog::level::err) {
      priority = "<3>";
    } else if (message.level == spdlog::level::warn) {
      priority = "<4>";
    } else if (message.level <= spdlog::level::debug) {
      priority = "<7>";
    }
    out.append(priority.data(), priority.data() + priority.size());
  }
  [[nodiscard]] std::unique_ptr<custom_flag_formatter> clone() const override {
    return std::make_unique<PriorityFlag>();
  }
};

// systemd.exec(5): $JOURNAL_STREAM names device and inode of the stream that leads to the journal.
bool is_journal(int descriptor) {
  const char* stream = ::secure_getenv("JOURNAL_STREAM");
  struct stat status {};
  if (stream == nullptr || ::fstat(descriptor, &status) != 0) return false;
  return std::to_string(status.st_dev) + ":" + std::to_string(status.st_ino) == stream;
}

}  // namespace

Log::Log(bool verbose) {
  logger_ = std::make_shared<spdlog::logger>("blastuned", std::make_shared<spdlog::sinks::stderr_sink_st>());
  auto formatter = std::make_unique<spdlog::pattern_formatter>();
  formatter->add_flag<PriorityFlag>('*');
  formatter->set_pattern(is_journal(STDERR_FILENO) ? "%*%v" : "%Y-%m-%dT%H:%M:%S%z blastuned: %l: %v");
  logger_->set_formatter(std::move(formatter));
  logger_->set_level(verbose ? spdlog::level::debug : spdlog::level::info);
  logger_->flush_on(spdlog::level::debug);
  // A log that cannot be written is no reason to end, and there is nowhere to say so.
  logger_->set_error_handler([](const std::string&) {});
}

Log::~Log() = default;

// Texts may come from files and libraries of others: one line, no control characters.
void Log::error(std::string_view text) {
  logger_->error("{}", printable(text));
}
void Log::warning(std::string_view text) {
  logger_->warn("{}", printable(text));
}
void Log::info(std::string_view text) {
  logger_->info("{}", printable(text));
}
void Log::debug(std::string_view text) {
  logger_->debug("{}", printable(text));
}

}  // namespace blastune
