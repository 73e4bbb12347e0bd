// SPDX-License-Identifier: BSD-3-Clause
#include "daemon/known_builds.h"

#include <algorithm>
#include <cmath>
#include <utility>

#include "store/table_json.h"

namespace blastune {
namespace {

constexpr double first_pause_seconds = 60;
constexpr int most_doublings = 6;

}  // namespace

std::string reason_untunable(const WorkerHello& library) {
  if (library.build.threading == Threading::serial) return "it is serial: there is no count to choose";
  if (library.setter == CountSetter::none) return "its thread count cannot be changed safely at run time";
  if (library.build.max_threads == 1) return "it is built for a single thread";
  // One that says strange things of itself must not keep the tables of all others from being saved.
  Table empty;
  empty.build = library.build;
  empty.default_threads = library.default_threads;
  if (const auto written = write_tables({empty}); !written) return written.error().what;
  return {};
}

Reconciled reconcile(std::vector<KnownBuild>& builds, std::vector<FoundBuild> found,
                     const std::vector<UnusableLibrary>& unusable, const MakeUpkeep& make) {
  Reconciled result;
  std::vector<KnownBuild> now;
  for (FoundBuild& one : found) {
    const auto known = std::ranges::find_if(builds, [&](const KnownBuild& build) {
      return same_build(build.found.hello.build, one.hello.build);
    });
    if (known != builds.end()) {
      KnownBuild kept = std::move(*known);
      builds.erase(known);
      kept.found = std::move(one);
      now.push_back(std::move(kept));
      continue;
    }
    KnownBuild added;
    added.unusable = reason_untunable(one.hello);
    if (added.unusable.empty()) added.upkeep = make(one.hello);
    added.found = std::move(one);
    result.added.push_back(now.size());
    now.push_back(std::move(added));
  }
  const auto may_be_there = [&](const KnownBuild& build) {
    const auto leads_to_it = [&](const std::string& name) {
      return name == build.found.hello.build.path ||
             std::ranges::find(build.found.names, name) != build.found.names.end();
    };
    return std::ranges::any_of(unusable, [&](const UnusableLibrary& library) {
      return leads_to_it(library.name) && may_pass(library.error);
    });
  };
  for (KnownBuild& build : builds) {
    if (may_be_there(build))
      now.push_back(std::move(build));
    else
      result.gone.push_back(build.found.hello.build);
  }
  builds = std::move(now);
  return result;
}

std::vector<BuildView> views(const std::vector<KnownBuild>& builds, Instant now) {
  std::vector<BuildView> all;
  for (const KnownBuild& build : builds) {
    BuildView view;
    view.usable = build.upkeep != nullptr && now.awake >= build.left_alone_until;
    if (build.upkeep) view.usable_in = std::max(0.0, build.left_alone_until - now.awake);
    if (build.upkeep) {
      view.uncertain = build.upkeep->uncertain();
      view.measured_seconds = build.upkeep->measured_seconds();
      view.occasions = build.upkeep->occasions();
      view.measuring_again = build.upkeep->is_measuring_again();
      view.measured_at = build.measured_at;
      view.suspected = build.upkeep->suspects() > 0;
      view.check_running = build.upkeep->is_checking();
      view.check_wanted = build.check_wanted;
      view.checked_at = build.checked_at;
    }
    all.push_back(view);
  }
  return all;
}

void note_failure(KnownBuild& build, std::string trouble, Instant now) {
  build.trouble = std::move(trouble);
  build.left_alone_until =
      now.awake + first_pause_seconds * std::exp2(std::min(build.failures, most_doublings));
  ++build.failures;
}

BuildStatus status_of(const KnownBuild& build, Instant now, double check_seconds) {
  BuildStatus status;
  const Build& identity = build.found.hello.build;
  status.description = describe(identity);
  status.build_id = identity.build_id;
  status.path = identity.path;
  for (const std::string& name : build.found.names) {
    if (name != identity.path) status.names.push_back(name);
  }
  status.is_default = build.found.is_default;
  if (!build.upkeep) {
    status.state = BuildState::unusable;
    status.reason = build.unusable;
    return status;
  }
  const BuildUpkeep& upkeep = *build.upkeep;
  status.curves = static_cast<std::int64_t>(upkeep.curves());
  status.gemms = static_cast<std::int64_t>(upkeep.gemms());
  status.settled = static_cast<std::int64_t>(upkeep.gemms() - upkeep.uncertain());
  status.spent_seconds = upkeep.measured_seconds();
  status.measured_unix = upkeep.measured_unix();
  status.occasions = upkeep.occasions();
  status.checked_unix = upkeep.checked_unix();
  status.drifted_last_check = static_cast<std::int64_t>(upkeep.drifted_last_check());
  if (now.awake < build.left_alone_until) {
    status.state = BuildState::unusable;
    status.reason = build.trouble;
  } else if (upkeep.is_checking()) {
    status.state = BuildState::checking;
  } else {
    status.state = upkeep.uncertain() > 0 ? BuildState::waiting : BuildState::settled;
  }
  if (build.checked_at) {
    status.next_check_seconds =
        build.check_wanted ? 0 : std::max(0.0, *build.checked_at + check_seconds - now.passed);
  }
  return status;
}

}  // namespace blastune
