// SPDX-License-Identifier: BSD-3-Clause
//
// The slow side of the client: looks at table files, loaded libraries and limits, and says what advice holds
// for each OpenBLAS of the process, and which of them the program means. One thread at a time; may allocate,
// make system calls and throw std::bad_alloc. What it has published stays valid when a call ends early.
#pragma once

#include <cstdint>
#include <deque>
#include <optional>
#include <string>
#include <vector>

#include "base/machine_signature.h"
#include "base/result.h"
#include "client/build_registry.h"
#include "client/present_load.h"
#include "client/processors.h"
#include "client/report.h"
#include "client/settings.h"
#include "client/slot_advice.h"
#include "client/table_watch.h"

namespace blastune {

class Refresher {
 public:
  // slots and load outlive it.
  Refresher(BuildSlots& slots, PresentLoad& load, Settings settings, std::vector<std::string> table_paths);
  Refresher(const Refresher&) = delete;
  Refresher& operator=(const Refresher&) = delete;

  // now: seconds that never step back. force: read the table and the limits again even if they look
  // unchanged. chosen: the slot that the program named, or nothing.
  void refresh(std::int64_t now, bool force, std::optional<std::size_t> chosen);
  // Looks for the OpenBLAS that an address belongs to, whether there is a table or not.
  std::optional<std::size_t> find_blas(const void* symbol);

  // The slot that answers for the process; nothing: there is no telling which.
  [[nodiscard]] std::optional<std::size_t> meant() const { return meant_; }
  // Of that one, or why there is none.
  [[nodiscard]] const Report& report() const { return report_; }
  // Of any slot. Precondition: slot < slots.size().
  [[nodiscard]] const Report& report_of(std::size_t slot) const {
    return slot < advice_.size() ? advice_[slot].report() : report_;
  }
  [[nodiscard]] const Settings& settings() const { return settings_; }

 private:
  void refresh_limits(std::int64_t now, bool force);
  void refresh_advice();
  void disable();
  [[nodiscard]] std::string no_table_text() const;
  void report_none(Reason reason, std::string message);

  BuildSlots& slots_;
  PresentLoad& load_;
  Settings settings_;
  TableWatch watch_;
  BuildRegistry registry_;
  Processors processors_;
  std::optional<MachineSignature> machine_;
  std::deque<SlotAdvice> advice_;  // one a slot
  std::optional<std::size_t> meant_;
  Report report_;
};

}  // namespace blastune
