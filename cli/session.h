// SPDX-License-Identifier: BSD-3-Clause
//
// What every verb is given: where its answer and its messages go, and its edges to the world. The answer
// goes to `out`, everything else to `messages`, so that `$(blastune recommend ...)` holds a number or
// nothing.
#pragma once

#include <iosfwd>
#include <string>
#include <string_view>

#include "base/clock.h"
#include "base/file_system.h"
#include "base/machine_signature.h"
#include "base/result.h"
#include "cli/exit_status.h"

namespace blastune {

enum class ColorMode { automatic, always, never };

// Escape sequences, or nothing where colour is off.
struct Palette {
  std::string_view bold;
  std::string_view faint;
  std::string_view warning;
  std::string_view error;
  std::string_view off;
};

struct Session {
  std::ostream& out;
  std::ostream& messages;
  FileSystem& files;
  Clock& clock;
  ColorMode color = ColorMode::automatic;
  std::string config_directory;
  KernelPaths kernel = {};  // of the machine's present load

  // For text on `out` and on `messages`: --color, then NO_COLOR and CLICOLOR_FORCE, then whether it is a
  // terminal that knows colours.
  [[nodiscard]] Palette out_palette() const;
  [[nodiscard]] Palette message_palette() const;

  // "blastune: what" and "try: remedy" on `messages`.
  void complain(const Error& error) const;
  // "blastune: note" on `messages`.
  void note(std::string_view text) const;
};

}  // namespace blastune
