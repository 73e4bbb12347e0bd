// SPDX-License-Identifier: BSD-3-Clause
//
// A small program for tests from outside:
//   table_program write FILE N   saves the sample tables, marked with N
//   table_program read FILE      prints the mark of what is in it; status 1 when it cannot be read
#include <cstdio>
#include <cstring>

#include "base/parse.h"
#include "store/table_file.h"
#include "tests/store/sample_tables.h"

int main(int argc, char** argv) {
  using namespace blastune;
  RealFileSystem files;
  if (argc == 4 && std::strcmp(argv[1], "write") == 0) {
    const auto mark = parse_integer(argv[3], 1, 4096, "N");
    if (!mark) return 2;
    auto tables = sample_tables();
    tables[0].default_threads = static_cast<int>(*mark);
    const auto saved = save_tables(files, argv[2], tables);
    if (!saved) std::fprintf(stderr, "%s\n", saved.error().text().c_str());
    return saved ? 0 : 1;
  }
  if (argc == 3 && std::strcmp(argv[1], "read") == 0) {
    const auto tables = load_tables(files, argv[2]);
    if (!tables) std::fprintf(stderr, "%s\n", tables.error().text().c_str());
    if (!tables || tables->empty()) return 1;
    std::printf("%d\n", tables->front().default_threads);
    return 0;
  }
  return 2;
}
