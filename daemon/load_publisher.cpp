// SPDX-License-Identifier: BSD-3-Clause
#include "daemon/load_publisher.h"

#include <cmath>
#include <utility>

namespace blastune {

void PublishingPace::published(double now, const ProcessorUse& use) {
  const double seconds = published_ ? now - *published_ : 0;
  // Of the first one it is not known.
  const bool is_used = !(seconds > 0) || (use.busy_seconds - busy_seconds_) / seconds > used_processors;
  due_ = now + (is_used ? used_seconds : idle_seconds);
  published_ = now;
  busy_seconds_ = use.busy_seconds;
}

void PublishingPace::failed(double now) {
  due_ = now + retry_seconds;
  published_.reset();
}

double LoadPublisher::publish_when_due(double now) {
  if (pace_.seconds_until_due(now) > 0) return pace_.seconds_until_due(now);
  const auto published = publish(now);
  if (published) {
    pace_.published(now, *published);
  } else {
    pace_.failed(now);
    if (!told_) log_.warning("programs cannot see the load: " + published.error().text());
  }
  told_ = !published.ok();
  return pace_.seconds_until_due(now);
}

Result<ProcessorUse> LoadPublisher::publish(double now) {
  // Down, so that it is never in the future.
  const auto heartbeat = static_cast<std::int64_t>(std::floor(now * 1e9));
  if (page_ && !page_->is_in_place()) page_.reset();
  if (!page_) {
    auto made = LoadPageWriter::make(files_, directory_, heartbeat);
    if (!made) return made.error();
    page_.emplace(std::move(made).value());
  }
  const auto use = read_processor_use(stat_.c_str(), ProcessorSet::all());
  if (!use) {
    return Error{ErrorKind::unavailable, stat_ + " does not say how the processors are used",
                 "they look for themselves where they can"};
  }
  page_->write(heartbeat, *use);
  return *use;
}

}  // namespace blastune
