// SPDX-License-Identifier: BSD-3-Clause
#include "client/refresher.h"

#include <algorithm>
#include <utility>

#include "base/file_system.h"
#include "client/log.h"
#include "store/table_file.h"

namespace blastune {
namespace {

constexpr const char* name_it = "name the one you mean with blastune_use_blas()";

}  // namespace

Refresher::Refresher(BuildSlots& slots, SnapshotBox& box, Settings settings,
                     std::vector<std::string> table_paths)
    : slots_(slots),
      box_(box),
      settings_(std::move(settings)),
      watch_(std::move(table_paths)),
      registry_(slots) {
  if (settings_.log != LogLevel::silent && !settings_.complaint.empty()) log_line(settings_.complaint);
}

void Refresher::refresh(std::int64_t now, bool force, std::optional<std::size_t> chosen) {
  box_.sweep(retired_);
  if (settings_.disabled) return withdraw(Reason::disabled, "BLASTUNE_DISABLE is set");
  if (watch_.changed() || force) read_needed_ = true;
  // Without a table there is nothing to do with a library, and it is left alone.
  if (!watch_.any()) {
    return withdraw(Reason::no_table, "there is no table at " +
                                          (watch_.paths().empty() ? "any place" : watch_.paths().front()) +
                                          "; measure this machine with `blastune tune`");
  }
  registry_.refresh(force);
  const std::optional<std::size_t> slot = chosen ? chosen : registry_.meant();
  if (!slot) {
    if (slots_.size() == 0) return withdraw(Reason::no_openblas, "this process has loaded no OpenBLAS");
    return withdraw(Reason::several_openblas, "this process has loaded " + std::to_string(slots_.size()) +
                                                  " OpenBLAS libraries; " + name_it);
  }
  if (advisor_ && *slot != slot_) advisor_.reset();
  if (read_needed_ || (!advisor_ && *slot != slot_)) read_table(*slot);
  if (advisor_) publish(*slot, now, force);
}

std::optional<std::size_t> Refresher::find_blas(const void* symbol) {
  registry_.refresh(false);
  return registry_.behind(symbol);
}

void Refresher::read_table(std::size_t slot) {
  slot_ = slot;
  read_needed_ = true;  // until there is an answer that holds as long as the files stay as they are
  if (!machine_) {
    Result<MachineSignature> machine = read_machine_signature();
    if (!machine) return keep_or_withdraw(slot, machine.error());
    machine_ = std::move(*machine);
  }
  RealFileSystem files;
  Result<StoredTable> stored = find_stored_table(files, watch_.paths(), *machine_, slots_[slot].object.build);
  // What the system refused now (descriptors, memory, permission) it may grant a second later.
  read_needed_ = !stored && stored.error().kind == ErrorKind::unavailable;
  if (!stored) return keep_or_withdraw(slot, stored.error());
  advisor_ = std::make_shared<const Advisor>(stored->table);
  report_.reason = Reason::ready;
  report_.message.clear();
  report_.table = stored->path;
  report_.measured_unix = stored->table.measured_unix;
  report_.curves = static_cast<std::int64_t>(stored->table.curves.size());
  if (settings_.log != LogLevel::silent) {
    log_line("using " + stored->path + " (" + std::to_string(report_.curves) + " curves) for " +
             describe(slots_[slot].object.build));
  }
}

void Refresher::keep_or_withdraw(std::size_t slot, const Error& error) {
  switch (error.kind) {
    case ErrorKind::not_found:
      return withdraw(Reason::no_table, error.text());
    case ErrorKind::foreign:
      return withdraw(for_this_machine() ? Reason::foreign_build : Reason::foreign_machine, error.text());
    default:
      break;
  }
  if (!advisor_) {
    withdraw(Reason::bad_table, error.text());
    report_.build = describe(slots_[slot].object.build);
    return;
  }
  // A damaged file says nothing about the machine; what was measured still holds.
  tell("kept the advice from before: " + error.text());
}

bool Refresher::for_this_machine() {
  RealFileSystem files;
  for (const std::string& path : watch_.paths()) {
    const Result<Tables> tables = load_tables(files, path);
    if (tables && std::any_of(tables->begin(), tables->end(),
                              [&](const Table& table) { return table.machine == *machine_; }))
      return true;
  }
  return false;
}

void Refresher::publish(std::size_t slot, std::int64_t now, bool force) {
  const OpenBlasObject& object = slots_[slot].object;
  const int runtime = object.functions.processors == nullptr ? 0 : object.functions.processors();
  const int usable =
      std::clamp(processors_.read(now, force, object.build.threading != Threading::openmp, runtime), 1,
                 SnapshotWord::largest_cap);
  const int cap = settings_.max_threads == 0 ? usable : std::min(usable, settings_.max_threads);
  report_.build = describe(object.build);
  report_.usable = usable;
  report_.applies = slots_[slot].guard.applies();
  report_.reason = Reason::ready;
  if (published_word_ != 0 && published_ == advisor_ && SnapshotWord::slot(published_word_) == slot &&
      SnapshotWord::cap(published_word_) == cap)
    return;
  auto next = std::make_unique<Snapshot>();
  next->word = SnapshotWord::make(box_.next_generation(), slot, cap);
  next->advisor = advisor_;
  const std::uint64_t word = next->word;
  box_.publish(std::move(next), retired_);
  published_ = advisor_;
  published_word_ = word;
}

void Refresher::withdraw(Reason reason, std::string message) {
  advisor_.reset();
  read_needed_ = read_needed_ || reason == Reason::no_openblas || reason == Reason::several_openblas;
  if (box_.word() != 0) box_.publish(nullptr, retired_);
  published_.reset();
  published_word_ = 0;
  const bool news = report_.reason != reason;
  report_.reason = reason;
  report_.table.clear();
  report_.build.clear();
  report_.measured_unix = 0;
  report_.curves = 0;
  report_.applies = false;
  if (news)
    tell(std::move(message));
  else
    report_.message = std::move(message);
}

void Refresher::tell(std::string message) {
  // A read that is tried again every second is told once.
  if (settings_.log != LogLevel::silent && message != report_.message) log_line(message);
  report_.message = std::move(message);
}

}  // namespace blastune
