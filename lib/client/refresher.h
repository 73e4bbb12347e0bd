// SPDX-License-Identifier: BSD-3-Clause
//
// The slow side of the client: looks at table files, loaded libraries and limits, and says what advice holds.
// One thread at a time; may allocate, make system calls and throw std::bad_alloc. What it has published
// stays valid when a call ends early.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/machine_signature.h"
#include "base/result.h"
#include "client/build_registry.h"
#include "client/processors.h"
#include "client/settings.h"
#include "client/snapshot.h"
#include "client/table_watch.h"
#include "model/table.h"

namespace blastune {

// Values of the public header's BLASTUNE_READY and so on.
enum class Reason : std::int32_t {
  ready = 0,
  disabled = 1,
  no_table = 2,
  bad_table = 3,
  foreign_machine = 4,
  foreign_build = 5,
  no_openblas = 6,
  several_openblas = 7,
  failed = 8,
};

struct Report {
  Reason reason = Reason::failed;
  std::string message;
  std::string table;
  std::string build;
  std::int64_t measured_unix = 0;
  std::int64_t curves = 0;
  int usable = 0;
  bool applies = false;
};

class Refresher {
 public:
  // chosen: the slot that the program named, or nothing. The box outlives this.
  Refresher(BuildSlots& slots, SnapshotBox& box, Settings settings, std::vector<std::string> table_paths);

  // now: seconds since 1970. force: read the table and the limits again even if they look unchanged.
  void refresh(std::int64_t now, bool force, std::optional<std::size_t> chosen);
  // Looks for the OpenBLAS that an address belongs to, whether there is a table or not.
  std::optional<std::size_t> find_blas(const void* symbol);

  [[nodiscard]] const Report& report() const { return report_; }
  [[nodiscard]] const Settings& settings() const { return settings_; }

 private:
  void withdraw(Reason reason, std::string message);
  void read_table(std::size_t slot);
  void keep_or_withdraw(std::size_t slot, const Error& error);
  void publish(std::size_t slot, std::int64_t now, bool force);
  [[nodiscard]] bool for_this_machine();
  void tell(std::string message);

  BuildSlots& slots_;
  SnapshotBox& box_;
  Settings settings_;
  TableWatch watch_;
  BuildRegistry registry_;
  Processors processors_;
  std::optional<MachineSignature> machine_;
  std::shared_ptr<const Advisor> advisor_;
  std::size_t slot_ = 0;  // advisor_ is for that one
  bool read_needed_ = true;
  std::shared_ptr<const Advisor> published_;
  std::uint64_t published_word_ = 0;
  std::vector<std::unique_ptr<const Snapshot>> retired_;
  Report report_;
};

}  // namespace blastune
