// SPDX-License-Identifier: BSD-3-Clause
#include "topology/candidates.h"

#include <algorithm>
#include <array>
#include <bit>
#include <cmath>
#include <cstdint>
#include <map>
#include <optional>
#include <set>

namespace blastune {
namespace {

constexpr double widest_gap = 1.125;  // between neighbours, in proportion

// How much a count is worth as a place to split a gap; higher first.
enum Rank : int { plain = 0, cache_end = 1, node_end = 2, package_end = 3 };

struct Place {
  int core = -1;
  int cache = -1;
  int node = -1;
  int package = -1;
  int kind = -1;
};

// Where each of the processors that are filled one after the other sits.
std::vector<Place> places(const Topology& topology, const Capacity& capacity) {
  std::map<int, Place> by_processor;
  for (std::size_t i = 0; i < topology.cores.size(); ++i) {
    const Core& core = topology.cores[i];
    for (const int processor : core.processors) {
      by_processor[processor] = Place{static_cast<int>(i), core.cache, core.node, core.package, core.kind};
    }
  }
  std::vector<Place> filled;
  for (const int processor : capacity.processors) {
    if (filled.size() == static_cast<std::size_t>(capacity.threads)) break;
    filled.push_back(by_processor[processor]);
  }
  return filled;
}

std::map<int, Rank> group_ends(const std::vector<Place>& filled) {
  std::map<int, Rank> ends;
  for (std::size_t i = 1; i < filled.size(); ++i) {
    const Place& last = filled[i - 1];
    const Place& next = filled[i];
    const int count = static_cast<int>(i);
    if (last.package != next.package) {
      ends[count] = package_end;
    } else if (last.node != next.node) {
      ends[count] = node_end;
    } else if (last.cache != next.cache) {
      ends[count] = cache_end;
    }
  }
  return ends;
}

// Counts after which slower cores, or second threads on cores, begin.
void add_kind_ends(const std::vector<Place>& filled, int cores, std::set<int>& chosen) {
  constexpr std::size_t most = 6;
  std::size_t found = 0;
  for (std::size_t i = 1; i < filled.size() && static_cast<int>(i) < cores && found < most; ++i) {
    if (filled[i - 1].kind == filled[i].kind) continue;
    chosen.insert(static_cast<int>(i));
    ++found;
  }
}

// The best count strictly between low and high: by rank, then by the power of two in it, then by nearness to
// the geometric middle. Looked for in the middle of the gap, so that both halves shrink.
int split(int low, int high, const std::map<int, Rank>& ends) {
  const double middle = std::sqrt(static_cast<double>(low) * high);
  const double quarter = std::sqrt(std::sqrt(static_cast<double>(high) / low));
  const int from = std::max(low + 1, static_cast<int>(std::ceil(middle / quarter)));
  const int to = std::min(high - 1, static_cast<int>(std::floor(middle * quarter)));
  int best = std::clamp(static_cast<int>(std::lround(middle)), low + 1, high - 1);
  const auto worth = [&](int count) {
    const auto end = ends.find(count);
    return std::array<double, 3>{static_cast<double>(end == ends.end() ? plain : end->second),
                                 static_cast<double>(std::countr_zero(static_cast<std::uint32_t>(count))),
                                 -std::fabs(std::log(count / middle))};
  };
  for (int count = from; count <= to; ++count) {
    if (worth(count) > worth(best)) best = count;
  }
  return best;
}

struct Gap {
  int low = 0;
  int high = 0;
};

// The widest gap in proportion that leaves room for a count; nothing when all are narrow.
std::optional<Gap> widest(const std::set<int>& chosen) {
  std::optional<Gap> gap;
  double ratio = widest_gap;
  for (auto low = chosen.begin(), high = std::next(low); high != chosen.end(); ++low, ++high) {
    const double here = static_cast<double>(*high) / *low;
    if (*high - *low < 2 || here <= ratio) continue;
    ratio = here;
    gap = Gap{*low, *high};
  }
  return gap;
}

}  // namespace

std::vector<int> candidate_threads(const Topology& topology, const Capacity& capacity) {
  const int all = std::max(1, capacity.threads);
  std::set<int> chosen;
  if (all <= measure_all_up_to) {
    for (int count = 1; count <= all; ++count) chosen.insert(count);
  } else {
    const std::vector<Place> filled = places(topology, capacity);
    for (const int count : {1, 2, 3, 4, all, all - 1, all - 2}) chosen.insert(count);
    for (const int count :
         {capacity.cores, capacity.cores - 1, capacity.cores - 2, capacity.performance_cores}) {
      if (count >= 1 && count <= all) chosen.insert(count);
    }
    add_kind_ends(filled, capacity.cores, chosen);
    const auto ends = group_ends(filled);
    while (chosen.size() < max_candidates) {
      const auto gap = widest(chosen);
      if (!gap) break;
      chosen.insert(split(gap->low, gap->high, ends));
    }
  }
  return {chosen.begin(), chosen.end()};
}

}  // namespace blastune
