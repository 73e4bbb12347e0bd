// SPDX-License-Identifier: BSD-3-Clause
//
// Everything measured on one machine for one build: what the JSON cache holds one or more of.
#pragma once

#include <cstdint>
#include <vector>

#include "base/machine_signature.h"
#include "model/build.h"
#include "model/curve.h"

namespace blastune {

struct Table {
  MachineSignature machine;
  Build build;
  int default_threads = 1;         // what the library uses when nobody says anything
  std::int64_t measured_unix = 0;  // when the last sample was taken, seconds since 1970
  // When canaries last confirmed it, or the last sample was taken, whichever is later; 0: never.
  std::int64_t checked_unix = 0;
  double spent_seconds = 0;  // wall time all tunes of this table took together
  // How many times all of it was measured, each a tune or a while after the one before: what a thread is
  // worth on a virtual machine may be another thing each time.
  int occasions = 1;
  double tolerance = default_tolerance;  // 0 to 1; with which its counts are chosen
  std::vector<Curve> curves;             // ascending by gemm, one a gemm

  bool operator==(const Table&) const = default;

  [[nodiscard]] const Curve* find(const Gemm& gemm) const;
  // Adds the curve's samples to what is known of its gemm.
  void add(const Curve& curve);
  // The same of samples of another time (Curve::merge_later).
  void add_later(const Curve& curve);
  // Puts the curve in the place of what is known of its gemm, which no longer holds.
  void replace(const Curve& curve);
};

// At most one of these per (machine, build).
using Tables = std::vector<Table>;

// The table of that machine and build, or nullptr.
[[nodiscard]] const Table* find_table(const Tables& tables, const MachineSignature& machine,
                                      const Build& build);
// Replaces the table of the same machine and build, or appends.
void put_table(Tables& tables, Table table);

}  // namespace blastune
