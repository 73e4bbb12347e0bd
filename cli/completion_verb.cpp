// SPDX-License-Identifier: BSD-3-Clause
#include <memory>
#include <ostream>
#include <string>

#include "base/parse.h"
#include "cli/completion_script.h"
#include "cli/verbs.h"

namespace blastune {

void add_completion_verb(CommandLine& program) {
  auto shell = std::make_shared<std::string>();
  Verb verb = program.add_verb("completion", "Print the completion script of a shell");
  verb.word("shell", *shell, "bash");
  verb.does([shell](const Session& session) -> Result<ExitStatus> {
    if (*shell != "bash") {
      return Error{ErrorKind::usage, "no completion for " + in_quotes(*shell),
                   "use `blastune completion bash`, as in: source <(blastune completion bash)"};
    }
    session.out << bash_completion_script;
    return exit_done;
  });
}

}  // namespace blastune
