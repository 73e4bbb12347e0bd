// SPDX-License-Identifier: BSD-3-Clause
//
// For slow work in the middle of somebody's multiply: leaves errno as it was, and does not end half-way
// because the host cancels the thread.
#pragma once

#include <pthread.h>

#include <cerrno>

namespace blastune {

class Undisturbed {
 public:
  Undisturbed() : error_number_(errno) { ::pthread_setcancelstate(PTHREAD_CANCEL_DISABLE, &cancel_state_); }
  Undisturbed(const Undisturbed&) = delete;
  Undisturbed& operator=(const Undisturbed&) = delete;
  ~Undisturbed() {
    int ignored = 0;
    ::pthread_setcancelstate(cancel_state_, &ignored);
    errno = error_number_;
  }

 private:
  int error_number_;
  int cancel_state_ = PTHREAD_CANCEL_ENABLE;
};

}  // namespace blastune
