// SPDX-License-Identifier: BSD-3-Clause
#include "client/slot_advice.h"

#include <algorithm>
#include <utility>

#include "base/file_system.h"
#include "client/log.h"
#include "store/table_file.h"

namespace blastune {
namespace {

bool is_for(const std::vector<std::string>& paths, const MachineSignature& machine) {
  RealFileSystem files;
  return std::ranges::any_of(paths, [&](const std::string& path) {
    const Result<Tables> tables = load_tables(files, path);
    return tables &&
           std::ranges::any_of(*tables, [&](const Table& table) { return table.machine == machine; });
  });
}

}  // namespace

void SlotAdvice::limit_to(int usable) {
  const int cap = settings_.max_threads == 0 ? usable : std::min(usable, settings_.max_threads);
  slot().capacity.store(cap, std::memory_order_relaxed);
  // It was started with fewer because of a quota, which has been raised since.
  const OpenBlasObject& object = slot().object;
  if (object.start_count > 0 && cap > object.start_count) slot().guard.grow(object.start_count, cap);
  report_.build = describe(slot().object.build);
  report_.usable = usable;
  report_.applies = slot().guard.applies();
}

void SlotAdvice::refresh(const std::vector<std::string>& paths, const Result<MachineSignature>& machine) {
  if (read_needed_) read(paths, machine);
  if (advisor_) publish();
}

void SlotAdvice::read(const std::vector<std::string>& paths, const Result<MachineSignature>& machine) {
  // read_needed_ stays until there is an answer that holds as long as the files stay as they are.
  if (!machine) return keep_or_withdraw(machine.error(), paths, machine);
  RealFileSystem files;
  Result<StoredTable> stored = find_stored_table(files, paths, *machine, slot().object.build);
  // What the system refused now (descriptors, memory, permission) it may grant a second later.
  read_needed_ = !stored && stored.error().kind == ErrorKind::unavailable;
  if (!stored) return keep_or_withdraw(stored.error(), paths, machine);
  advisor_ = std::make_shared<const Advisor>(stored->table);
  report_.reason = Reason::ready;
  report_.message.clear();
  report_.table = stored->path;
  report_.measured_unix = stored->table.measured_unix;
  report_.curves = static_cast<std::int64_t>(stored->table.curves.size());
  if (settings_.log != LogLevel::silent) {
    log_line("using " + stored->path + " (" + std::to_string(report_.curves) + " curves) for " +
             describe(slot().object.build));
  }
}

void SlotAdvice::keep_or_withdraw(const Error& error, const std::vector<std::string>& paths,
                                  const Result<MachineSignature>& machine) {
  switch (error.kind) {
    case ErrorKind::not_found:
      return withdraw_and_tell(Reason::no_table, error.text());
    case ErrorKind::foreign:
      return withdraw_and_tell(
          machine && is_for(paths, *machine) ? Reason::foreign_build : Reason::foreign_machine, error.text());
    default:
      break;
  }
  if (!advisor_) {
    withdraw_and_tell(Reason::bad_table, error.text());
    return;
  }
  // A damaged file says nothing about the machine; what was measured still holds.
  tell("kept the advice from before: " + error.text());
}

void SlotAdvice::publish() {
  report_.reason = Reason::ready;
  if (published_ == advisor_) return;
  BuildSlot& here = slot();
  auto next = std::make_unique<Snapshot>();
  next->word = SnapshotWord::make(here.box.next_generation(), index_);
  next->advisor = advisor_;
  here.box.publish(std::move(next), retired_);
  published_ = advisor_;
}

void SlotAdvice::withdraw(Reason reason, std::string message) {
  advisor_.reset();
  // Before the advice goes, so that whoever finds none finds the reason.
  slot().reason.store(reason, std::memory_order_relaxed);
  if (slot().box.word() != 0) slot().box.publish(nullptr, retired_);
  published_.reset();
  report_.reason = reason;
  report_.table.clear();
  report_.measured_unix = 0;
  report_.curves = 0;
  report_.message = std::move(message);
}

void SlotAdvice::withdraw_and_tell(Reason reason, std::string message) {
  if (report_.reason != reason) tell(message);
  withdraw(reason, std::move(message));
}

void SlotAdvice::tell(std::string message) {
  // A read that is tried again every second is told once.
  if (settings_.log != LogLevel::silent && message != report_.message) log_line(message);
  report_.message = std::move(message);
}

}  // namespace blastune
