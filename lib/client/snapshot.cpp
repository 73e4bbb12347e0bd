// SPDX-License-Identifier: BSD-3-Clause
#include "client/snapshot.h"

namespace blastune {

void SnapshotBox::publish(std::unique_ptr<const Snapshot> next,
                          std::vector<std::unique_ptr<const Snapshot>>& retired) {
  retired.reserve(retired.size() + 1);
  const std::uint64_t word = next ? next->word : 0;
  std::unique_ptr<const Snapshot> old(current_.exchange(next.release()));
  word_.store(word, std::memory_order_release);
  if (old) retired.push_back(std::move(old));
  sweep(retired);
}

void SnapshotBox::sweep(std::vector<std::unique_ptr<const Snapshot>>& retired) const {
  if (readers_.load() == 0) retired.clear();
}

}  // namespace blastune
