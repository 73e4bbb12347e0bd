// SPDX-License-Identifier: BSD-3-Clause
#include "model/table.h"

#include <algorithm>
#include <utility>

namespace blastune {

const Curve* Table::find(const Gemm& gemm) const {
  const auto curve = std::ranges::lower_bound(curves, gemm, {}, &Curve::gemm);
  return curve != curves.end() && curve->gemm == gemm ? &*curve : nullptr;
}

namespace {

// A gemm that has no curve yet gets this one; for another, join makes one of its own and this one.
template <class Join>
void put_curve(std::vector<Curve>& curves, const Curve& curve, const Join& join) {
  const auto place = std::ranges::lower_bound(curves, curve.gemm, {}, &Curve::gemm);
  if (place != curves.end() && place->gemm == curve.gemm) {
    join(*place);
  } else {
    curves.insert(place, curve);
  }
}

}  // namespace

void Table::add(const Curve& curve) {
  put_curve(curves, curve, [&curve](Curve& known) { known.merge(curve); });
}

void Table::add_later(const Curve& curve) {
  put_curve(curves, curve, [&curve](Curve& known) { known.merge_later(curve); });
}

void Table::replace(const Curve& curve) {
  put_curve(curves, curve, [&curve](Curve& known) { known = curve; });
}

const Table* find_table(const Tables& tables, const MachineSignature& machine, const Build& build) {
  const auto table = std::ranges::find_if(
      tables, [&](const Table& t) { return t.machine == machine && same_build(t.build, build); });
  return table == tables.end() ? nullptr : &*table;
}

void put_table(Tables& tables, Table table) {
  for (auto& present : tables) {
    if (present.machine == table.machine && same_build(present.build, table.build)) {
      present = std::move(table);
      return;
    }
  }
  tables.push_back(std::move(table));
}

}  // namespace blastune
