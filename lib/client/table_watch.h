// SPDX-License-Identifier: BSD-3-Clause
//
// Tells whether files were replaced, changed, made or removed, by one stat() each.
#pragma once

#include <sys/types.h>
#include <time.h>

#include <cstdint>
#include <string>
#include <vector>

namespace blastune {

class TableWatch {
 public:
  explicit TableWatch(std::vector<std::string> paths) : paths_(std::move(paths)) {}

  // True when anything differs from the look before, or this is the first.
  bool changed();
  // At the last look: whether any of the files was there, readable or not.
  [[nodiscard]] bool any() const;
  [[nodiscard]] const std::vector<std::string>& paths() const { return paths_; }

 private:
  struct Trace {
    int problem = 0;  // errno of stat()
    dev_t device = 0;
    ino_t inode = 0;
    off_t size = 0;
    std::int64_t modified[2] = {0, 0};
    std::int64_t status_changed[2] = {0, 0};

    bool operator==(const Trace&) const = default;
  };
  static Trace look(const std::string& path);

  std::vector<std::string> paths_;
  std::vector<Trace> traces_;
};

}  // namespace blastune
