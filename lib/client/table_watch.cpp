// SPDX-License-Identifier: BSD-3-Clause
#include "client/table_watch.h"

#include <sys/stat.h>

#include <algorithm>
#include <cerrno>

namespace blastune {

TableWatch::Trace TableWatch::look(const std::string& path) {
  Trace trace;
  struct stat status {};
  if (::stat(path.c_str(), &status) != 0) {
    trace.problem = errno;
    return trace;
  }
  trace.device = status.st_dev;
  trace.inode = status.st_ino;
  trace.size = status.st_size;
  trace.modified[0] = status.st_mtim.tv_sec;
  trace.modified[1] = status.st_mtim.tv_nsec;
  // Also changes where someone puts the modification time back, or changes who may write the file.
  trace.status_changed[0] = status.st_ctim.tv_sec;
  trace.status_changed[1] = status.st_ctim.tv_nsec;
  return trace;
}

bool TableWatch::changed() {
  std::vector<Trace> traces;
  traces.reserve(paths_.size());
  for (const std::string& path : paths_) traces.push_back(look(path));
  const bool differs = traces != traces_;
  traces_ = std::move(traces);
  return differs;
}

bool TableWatch::any() const {
  return std::any_of(traces_.begin(), traces_.end(),
                     [](const Trace& trace) { return trace.problem != ENOENT && trace.problem != ENOTDIR; });
}

}  // namespace blastune
