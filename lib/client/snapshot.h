// SPDX-License-Identifier: BSD-3-Clause
//
// The advice for one OpenBLAS of this process. It is immutable; one is published for each library at a time,
// and readers never wait.
//
// SnapshotBox gives readers the present one. The writer frees an old one only when it has seen no reader
// after taking it out: whoever comes later can only find the new one.
#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <vector>

#include "model/advisor.h"

namespace blastune {

// Which advice, for which slot, in one word: what a memo compares. 0: there is no advice. The lowest bits are
// free, so that a stamp can say under which limit the advice was used.
struct SnapshotWord {
  static constexpr int largest_limit = 0xFFFF;

  static std::uint64_t make(std::uint64_t generation, std::size_t slot) {
    return generation << 24U | static_cast<std::uint64_t>(slot + 1) << 16U;
  }
  // Preconditions: word != 0; 0 <= limit <= largest_limit.
  static std::uint64_t with_limit(std::uint64_t word, int limit) {
    return (word & ~std::uint64_t{largest_limit}) | static_cast<std::uint64_t>(limit);
  }
  // Precondition: word != 0.
  static std::size_t slot(std::uint64_t word) { return ((word >> 16U) & 0xFFU) - 1; }
};

struct Snapshot {
  std::uint64_t word = 0;
  std::shared_ptr<const Advisor> advisor;  // never null
};

class SnapshotBox {
 public:
  // Holds the present snapshot while it lives. Any thread.
  class Reader {
   public:
    explicit Reader(SnapshotBox& box) : box_(box) {
      box_.readers_.fetch_add(1);
      snapshot_ = box_.current_.load();
    }
    Reader(const Reader&) = delete;
    Reader& operator=(const Reader&) = delete;
    ~Reader() { box_.readers_.fetch_sub(1); }

    [[nodiscard]] const Snapshot* get() const { return snapshot_; }

   private:
    SnapshotBox& box_;
    const Snapshot* snapshot_;
  };

  [[nodiscard]] std::uint64_t word() const { return word_.load(std::memory_order_acquire); }

  // Rises with every one that is published.
  [[nodiscard]] std::uint64_t generation() const { return generation_.load(std::memory_order_relaxed); }
  std::uint64_t next_generation() { return generation_.fetch_add(1, std::memory_order_relaxed) + 1; }

  // One writer at a time; a null pointer takes the present one away. On std::bad_alloc nothing has changed.
  void publish(std::unique_ptr<const Snapshot> next, std::vector<std::unique_ptr<const Snapshot>>& retired);
  // Frees what nobody can be reading any more.
  void sweep(std::vector<std::unique_ptr<const Snapshot>>& retired) const;

  // In the child of a fork(): the threads that were reading are not there.
  void forget_readers() { readers_.store(0); }

 private:
  std::atomic<const Snapshot*> current_{nullptr};
  std::atomic<std::uint64_t> word_{0};
  std::atomic<std::uint64_t> generation_{0};
  std::atomic<int> readers_{0};
};

}  // namespace blastune
