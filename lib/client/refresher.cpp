// SPDX-License-Identifier: BSD-3-Clause
#include "client/refresher.h"

#include <algorithm>
#include <utility>

#include "client/log.h"
#include "client/snapshot.h"

namespace blastune {
namespace {

constexpr const char* name_it = "name the one you mean with blastune_use_blas()";

}  // namespace

Refresher::Refresher(BuildSlots& slots, PresentLoad& load, Settings settings,
                     std::vector<std::string> table_paths)
    : slots_(slots),
      load_(load),
      settings_(std::move(settings)),
      watch_(std::move(table_paths)),
      registry_(slots) {
  if (settings_.log != LogLevel::silent && !settings_.complaint.empty()) log_line(settings_.complaint);
  load_.set_sides(settings_.load);
}

void Refresher::refresh(std::int64_t now, bool force, std::optional<std::size_t> chosen) {
  for (SlotAdvice& advice : advice_) advice.sweep();
  if (settings_.disabled) return disable();
  if (watch_.changed() || force) {
    for (SlotAdvice& advice : advice_) advice.want_read();
  }
  registry_.refresh(force);
  while (advice_.size() < slots_.size()) advice_.emplace_back(slots_, advice_.size(), settings_);
  refresh_limits(now, force);
  refresh_advice();
  meant_ = chosen ? chosen : registry_.meant();
  if (meant_) {
    report_ = advice_[*meant_].report();
  } else if (slots_.size() == 0 && !watch_.any()) {
    report_none(Reason::no_table, no_table_text());
  } else if (slots_.size() == 0) {
    report_none(Reason::no_openblas, "this process has loaded no OpenBLAS");
  } else {
    report_none(Reason::several_openblas, "this process has loaded " + std::to_string(slots_.size()) +
                                              " OpenBLAS libraries; " + name_it);
  }
}

void Refresher::refresh_limits(std::int64_t now, bool force) {
  if (!machine_) {
    Result<MachineSignature> machine = read_machine_signature();
    if (machine) machine_ = *machine;
  }
  int most = 1;
  for (std::size_t i = 0; i < advice_.size(); ++i) {
    const OpenBlasObject& object = slots_[i].object;
    const int runtime = object.functions.processors == nullptr ? 0 : object.functions.processors();
    const int usable =
        std::clamp(processors_.read(now, force, object.build.threading != Threading::openmp, runtime), 1,
                   SnapshotWord::largest_limit);
    advice_[i].limit_to(usable);
    most = std::max(most, usable);
  }
  if (advice_.empty()) return;
  load_.tend_stopwatch();
  load_.set_machine(most, processors_.where(most, machine_ ? machine_->processors : 0));
  if (settings_.load.looks) load_.find_page(settings_.runtime_directory.c_str());
}

void Refresher::refresh_advice() {
  const Result<MachineSignature> machine =
      machine_ ? Result<MachineSignature>(*machine_) : read_machine_signature();
  for (SlotAdvice& advice : advice_) {
    if (watch_.any())
      advice.refresh(watch_.paths(), machine);
    else
      advice.withdraw_and_tell(Reason::no_table, no_table_text());
  }
}

std::string Refresher::no_table_text() const {
  return "there is no table at " + (watch_.paths().empty() ? "any place" : watch_.paths().front()) +
         ", so calls are kept within their limits and nothing more; measure this machine with `blastune "
         "tune`";
}

std::optional<std::size_t> Refresher::find_blas(const void* symbol) {
  registry_.refresh(false);
  return registry_.behind(symbol);
}

void Refresher::disable() {
  for (SlotAdvice& advice : advice_) {
    advice.lift_limit();
    advice.withdraw(Reason::disabled, "BLASTUNE_DISABLE is set");
  }
  meant_.reset();
  report_none(Reason::disabled, "BLASTUNE_DISABLE is set");
}

void Refresher::report_none(Reason reason, std::string message) {
  const bool is_news = report_.reason != reason && message != report_.message;
  if (is_news && settings_.log != LogLevel::silent) log_line(message);
  report_ = {};
  report_.reason = reason;
  report_.message = std::move(message);
}

}  // namespace blastune
