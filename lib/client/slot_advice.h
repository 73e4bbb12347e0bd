// SPDX-License-Identifier: BSD-3-Clause
//
// What holds for one OpenBLAS of this process, published in its slot: the processors that it may use, table
// or no table, and what the tables say for it. For Refresher, one thread at a time.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "base/machine_signature.h"
#include "base/result.h"
#include "client/build_slots.h"
#include "client/report.h"
#include "client/settings.h"
#include "client/snapshot.h"

namespace blastune {

class SlotAdvice {
 public:
  // slots and settings outlive it.
  SlotAdvice(BuildSlots& slots, std::size_t index, const Settings& settings)
      : slots_(slots), index_(index), settings_(settings) {}

  // A table file is another one than before, or may be.
  void want_read() { read_needed_ = true; }
  // usable: processors that its calls may use.
  void limit_to(int usable);
  // Its calls are not to be touched.
  void lift_limit() { slot().capacity.store(0, std::memory_order_relaxed); }
  // Reads where that is needed, and publishes what there is; machine: nothing when it could not be told.
  void refresh(const std::vector<std::string>& paths, const Result<MachineSignature>& machine);
  // Takes the advice away, without a word in the log, or with one where the reason is news.
  void withdraw(Reason reason, std::string message);
  void withdraw_and_tell(Reason reason, std::string message);
  // Frees what nobody reads any more.
  void sweep() { slot().box.sweep(retired_); }

  [[nodiscard]] const Report& report() const { return report_; }

 private:
  [[nodiscard]] BuildSlot& slot() const { return slots_[index_]; }
  void read(const std::vector<std::string>& paths, const Result<MachineSignature>& machine);
  void keep_or_withdraw(const Error& error, const std::vector<std::string>& paths,
                        const Result<MachineSignature>& machine);
  void publish();
  void tell(std::string message);

  BuildSlots& slots_;
  std::size_t index_;
  const Settings& settings_;
  std::shared_ptr<const Advisor> advisor_;
  bool read_needed_ = true;
  std::shared_ptr<const Advisor> published_;
  std::vector<std::unique_ptr<const Snapshot>> retired_;
  Report report_;
};

}  // namespace blastune
