// SPDX-License-Identifier: BSD-3-Clause
//
// `blastune status`: asks the daemon, once or every second; without a daemon tells what the tables hold.
#include <unistd.h>

#include <cstdlib>
#include <memory>
#include <ostream>
#include <string>
#include <string_view>
#include <variant>

#include "base/parse.h"
#include "cli/format.h"
#include "cli/interruption.h"
#include "cli/status_report.h"
#include "cli/verbs.h"
#include "control/control_client.h"
#include "store/table_file.h"
#include "store/table_location.h"

namespace blastune {
namespace {

constexpr double patience_seconds = 3;
constexpr double watch_seconds = 1;
constexpr std::string_view home_and_clear = "\033[H\033[J";

struct Options {
  std::string socket;  // empty: the usual place
  bool json = false;
  bool watch = false;
  bool measure_now = false;
  bool reload = false;
};

bool screen_can_be_redrawn() {
  const char* terminal = std::getenv("TERM");
  return isatty(STDOUT_FILENO) == 1 && terminal != nullptr && std::string_view(terminal) != "dumb";
}

Error refusal_error(const Refusal& refusal) {
  const bool not_allowed = refusal.kind == RefusalKind::forbidden;
  return {ErrorKind::unavailable,
          "blastuned refused (" + std::string(name(refusal.kind)) + "): " + printable(refusal.message),
          not_allowed ? "ask as root, as its own user or as a member of its group (blastune, where a package "
                        "installed it)"
                      : ""};
}

// What ask_daemon says, with a reply of the other kind as an error.
template <class Wanted>
Result<Wanted> ask(const std::string& socket, ControlRequest request, ExitStatus& status) {
  status = exit_failed;
  auto reply = ask_daemon(socket, request, patience_seconds);
  if (!reply) {
    status = daemon_status_of(reply.error());
    return reply.error();
  }
  if (auto* wanted = std::get_if<Wanted>(&*reply)) return std::move(*wanted);
  if (const auto* refusal = std::get_if<Refusal>(&*reply)) return refusal_error(*refusal);
  return Error{ErrorKind::invalid_data, socket + " answered another question",
               "are blastune and blastuned of the same version?"};
}

ExitStatus order(const Session& session, const std::string& socket, ControlRequest request) {
  ExitStatus status = exit_done;
  const auto accepted = ask<Accepted>(socket, request, status);
  if (!accepted) {
    session.complain(accepted.error());
    return status;
  }
  if (!accepted->message.empty()) session.note(printable(accepted->message));
  return exit_done;
}

// All there are in the usual places. A file that is there and cannot be used is worth a note.
std::vector<FoundTable> find_tables(const Session& session) {
  const auto here = read_machine_signature();
  std::vector<FoundTable> found;
  for (const auto& path : table_location(read_table_environment()).candidates) {
    auto tables = load_tables(session.files, path);
    if (!tables) {
      if (tables.error().kind != ErrorKind::not_found) session.complain(tables.error());
      continue;
    }
    for (auto& table : *tables) {
      const bool own = here.ok() && table.machine == *here;
      found.push_back({path, own, std::move(table)});
    }
  }
  return found;
}

ExitStatus show_once(const Session& session, const Options& options) {
  ExitStatus status = exit_done;
  const auto told = ask<DaemonStatus>(options.socket, ControlRequest::status, status);
  if (told) {
    session.out << (options.json ? status_json(*told) : status_text(*told, session.out_palette()));
    return exit_done;
  }
  session.complain(told.error());
  if (status != exit_daemon_unreachable) return status;
  const auto tables = find_tables(session);
  if (tables.empty()) {
    if (options.json) session.out << tables_json(tables);
    return status;
  }
  session.out << (options.json ? tables_json(tables)
                               : tables_text(tables, session.clock.unix_seconds(), session.out_palette()));
  return exit_done;
}

// One look of many: what is on the screen, or the line that is printed when its key is another one.
struct Look {
  std::string key;
  std::string screen;
  std::string line;
};

Look look(const Session& session, const Options& options) {
  ExitStatus status = exit_done;
  const auto told = ask<DaemonStatus>(options.socket, ControlRequest::status, status);
  const std::string time = date_text(session.clock.unix_seconds()) + "  ";
  if (told) {
    return {change_key(*told), status_text(*told, session.out_palette()),
            options.json ? status_json(*told) : time + change_text(*told) + "\n"};
  }
  const std::string& what = told.error().what;
  return {what, told.error().text() + "\n",
          options.json ? tables_json(find_tables(session)) : time + what + "\n"};
}

// Until Ctrl-C, or until nobody reads what is printed. The daemon may come and go meanwhile.
ExitStatus watch(const Session& session, const Options& options) {
  const Interruption interruption;
  const bool redraws = screen_can_be_redrawn() && !options.json;
  std::string last_key;
  while (!Interruption::requested() && session.out) {
    const Look now = look(session, options);
    if (redraws) {
      session.out << home_and_clear << now.screen << std::flush;
    } else if (now.key != last_key) {
      session.out << now.line << std::flush;
    }
    last_key = now.key;
    if (!Interruption::requested()) session.clock.sleep(watch_seconds);
  }
  return exit_done;
}

Result<ExitStatus> run(const Session& session, Options options) {
  const int asked = static_cast<int>(options.watch) + static_cast<int>(options.measure_now) +
                    static_cast<int>(options.reload);
  if (asked > 1 || (options.json && (options.measure_now || options.reload))) {
    return Error{ErrorKind::usage, "--measure-now and --reload go with nothing but --socket",
                 "ask for one thing, then for the status"};
  }
  if (options.socket.empty()) {
    options.socket = control_socket_path();
    const char* directory = std::getenv("BLASTUNE_RUNTIME_DIR");
    if (directory != nullptr && *directory != '\0' && *directory != '/')
      session.note("BLASTUNE_RUNTIME_DIR is not an absolute path, so it is not used: " +
                   in_quotes(directory));
  }
  if (options.measure_now) return order(session, options.socket, ControlRequest::measure);
  if (options.reload) return order(session, options.socket, ControlRequest::reload);
  return options.watch ? watch(session, options) : show_once(session, options);
}

}  // namespace

void add_status_verb(CommandLine& program) {
  auto options = std::make_shared<Options>();
  Verb verb = program.add_verb("status", "Say what the service blastuned does, why it waits, what it knows");
  verb.flag("--json", options->json, "say it as one JSON object");
  verb.flag("--watch", options->watch, "again every second, until Ctrl-C; on a pipe a line for each change");
  verb.flag("--measure-now", options->measure_now, "have it measure as soon as the machine is quiet");
  verb.flag("--reload", options->reload, "have it read its configuration again");
  verb.option("--socket", options->socket, "where it listens (default /run/blastune/control)", "FILE");
  verb.does([options](const Session& session) { return run(session, *options); });
}

}  // namespace blastune
