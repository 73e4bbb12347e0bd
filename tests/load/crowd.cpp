// SPDX-License-Identifier: BSD-3-Clause
#include "crowd.h"

#include <algorithm>

namespace blastune {
namespace {

constexpr double step_seconds = 0.005;
constexpr double look_seconds = 0.1;

}  // namespace

int Crowd::add(int wanted) {
  Member member{AvailableCores(options_.cores)};
  member.wanted = wanted;
  member.looked = now_;
  member.next_look = now_ + std::uniform_real_distribution<double>(0.02, look_seconds)(random_);
  members_.push_back(member);
  return static_cast<int>(members_.size()) - 1;
}

int Crowd::add(int wanted, int start) {
  const int process = add(wanted);
  // As after a collision that left it so many.
  members_.back().available.collide(now_, options_.cores, options_.cores - start);
  return process;
}

void Crowd::run(double seconds) {
  const double end = now_ + seconds;
  while (now_ < end) step();
}

void Crowd::step() {
  // One entry a thread that wants to run: whose it is; -1: busy.
  std::vector<int> threads(static_cast<std::size_t>(busy_), -1);
  for (std::size_t i = 0; i < members_.size(); ++i) {
    if (!members_[i].running) continue;
    const int count = std::min(members_[i].available.cores(), members_[i].wanted);
    threads.insert(threads.end(), static_cast<std::size_t>(count), static_cast<int>(i));
  }
  if (std::uniform_real_distribution<double>(0, 1)(random_) < options_.trouble_tail) threads.push_back(-1);
  std::shuffle(threads.begin(), threads.end(), random_);
  const std::size_t running = std::min(threads.size(), static_cast<std::size_t>(options_.cores));
  std::vector<int> has(members_.size(), 0);
  std::vector<int> lacks(members_.size(), 0);
  for (std::size_t i = 0; i < threads.size(); ++i) {
    if (threads[i] < 0) continue;
    ++(i < running ? has : lacks)[static_cast<std::size_t>(threads[i])];
  }
  now_ += step_seconds;
  all_used_ += static_cast<double>(running) * step_seconds;
  for (std::size_t i = 0; i < members_.size(); ++i) {
    Member& member = members_[i];
    if (!member.running) continue;
    member.own += has[i] * step_seconds;
    member.got += has[i] * step_seconds;
    member.others += (static_cast<double>(running) - has[i]) * step_seconds;
    const int before = member.available.cores();
    member.available.retry(now_);
    if (options_.feels_collisions && lacks[i] > 0 && has[i] + lacks[i] > 1) {
      member.available.collide(now_, has[i] + lacks[i], lacks[i]);
      ++member.collisions;
      if (!member.collided) {
        // What was seen until then is of another time.
        member.own = member.others = 0;
        member.looked = now_;
        member.next_look = now_ + look_seconds;
      }
      member.collided = true;
    } else if (now_ >= member.next_look) {
      const double seconds = now_ - member.looked;
      std::normal_distribution<double> noise(0, options_.noise);
      const double others = std::max(0.0, member.others / seconds + noise(random_));
      member.available.look(now_,
                            {seconds, static_cast<double>(options_.cores), others, member.own / seconds});
      member.own = member.others = 0;
      member.looked = now_;
      member.collided = false;
      member.next_look = now_ + look_seconds * std::uniform_real_distribution<double>(1, 1.05)(random_);
    }
    if (member.available.cores() != before) ++member.changes;
  }
}

void Crowd::forget() {
  forgot_ = now_;
  all_used_ = 0;
  for (Member& member : members_) {
    member.got = 0;
    member.changes = 0;
    member.collisions = 0;
  }
}

double Crowd::fairness() const {
  double sum = 0;
  double squares = 0;
  int count = 0;
  for (const Member& member : members_) {
    if (!member.running) continue;
    sum += member.got;
    squares += member.got * member.got;
    ++count;
  }
  return sum * sum / (count * squares);
}

double Crowd::used() const {
  return all_used_ / (span() * options_.cores);
}

}  // namespace blastune
