// SPDX-License-Identifier: BSD-3-Clause
#include "preload/stats_account.h"

#include <algorithm>

namespace blastune {

void CaseRow::begin(const CallCase& of, const CaseFacts& facts) {
  of_ = of;
  facts_ = facts;
  // A place of its own, whatever other counts come.
  if (facts.advised > 0) counts_[0].store(static_cast<std::uint64_t>(facts.advised) << calls_bits, relaxed);
}

void CaseRow::note(int threads, std::uint64_t nanoseconds) {
  nanoseconds_.fetch_add(nanoseconds, relaxed);
  if (threads <= 0) {
    without_count_.fetch_add(1, relaxed);
    return;
  }
  const std::uint64_t count = static_cast<std::uint64_t>(threads) << calls_bits;
  for (std::atomic<std::uint64_t>& entry : counts_) {
    std::uint64_t is = entry.load(relaxed);
    if (is == 0 && entry.compare_exchange_strong(is, count | 1, relaxed)) return;
    if ((is & ~calls_mask) == count) {
      entry.fetch_add(1, relaxed);
      return;
    }
  }
  more_counts_.fetch_add(1, relaxed);
}

CaseRow::Count CaseRow::count(std::size_t index) const {
  const std::uint64_t is = counts_[index].load(relaxed);
  return {static_cast<int>(is >> calls_bits), is & calls_mask};
}

void CaseRow::clear() {
  used_.store(false, relaxed);
  of_ = {};
  facts_ = {};
  for (std::atomic<std::uint64_t>& entry : counts_) entry.store(0, relaxed);
  more_counts_.store(0, relaxed);
  without_count_.store(0, relaxed);
  nanoseconds_.store(0, relaxed);
}

std::size_t CallAccount::place_of(const CallCase& wanted) {
  std::uint64_t hash = 0;
  for (const std::uint64_t word :
       {wanted.routine.number(), wanted.stamp, static_cast<std::uint64_t>(wanted.m),
        static_cast<std::uint64_t>(wanted.n), static_cast<std::uint64_t>(wanted.k),
        static_cast<std::uint64_t>(wanted.kind) << 16U | static_cast<std::uint64_t>(wanted.trans_a) << 8U |
            static_cast<std::uint64_t>(wanted.trans_b)}) {
    hash = (hash ^ word) * 0x9E3779B97F4A7C15U;
    hash ^= hash >> 32U;
  }
  return hash % places;
}

CaseRow* CallAccount::find(const CallCase& wanted) {
  for (std::size_t at = place_of(wanted);; at = (at + 1) % places) {
    const std::uint16_t row = index_[at].load(std::memory_order_acquire);
    if (row == 0) return nullptr;
    if (rows_[row - 1U].of_ == wanted) return &rows_[row - 1U];
  }
}

CaseRow& CallAccount::add(const CallCase& wanted, const CaseFacts& facts) {
  if (!has_room()) return others_;
  const std::size_t mine = taken_.fetch_add(1, std::memory_order_relaxed);
  if (mine >= capacity) return others_;
  rows_[mine].begin(wanted, facts);
  for (std::size_t at = place_of(wanted);; at = (at + 1) % places) {
    std::uint16_t row = 0;
    if (index_[at].compare_exchange_strong(row, static_cast<std::uint16_t>(mine + 1),
                                           std::memory_order_release, std::memory_order_acquire)) {
      rows_[mine].used_.store(true, std::memory_order_release);
      return rows_[mine];
    }
    if (rows_[row - 1U].of_ == wanted) return rows_[row - 1U];
  }
}

std::size_t CallAccount::size() const {
  return std::min(taken_.load(std::memory_order_acquire), capacity);
}

void CallAccount::clear() {
  const std::size_t used = size();
  for (std::size_t i = 0; i < used; ++i) rows_[i].clear();
  for (std::atomic<std::uint16_t>& place : index_) place.store(0, std::memory_order_relaxed);
  others_.clear();
  taken_.store(0, std::memory_order_release);
}

}  // namespace blastune
