// SPDX-License-Identifier: BSD-3-Clause
//
// Waiting for another thread that needs some nanoseconds, unless it lost its processor or forks.
#pragma once

#include <pthread.h>
#include <time.h>

namespace blastune {

// The attempt's number decides: the first hundred only tell the processor, later ones sleep for 50 us. It is
// neither a point at which the host can cancel the thread nor one that touches errno.
inline void spin_pause(int attempt) {
  constexpr int before_sleeping = 100;
  if (attempt >= before_sleeping) {
    int state = PTHREAD_CANCEL_ENABLE;
    ::pthread_setcancelstate(PTHREAD_CANCEL_DISABLE, &state);
    const timespec a_moment = {0, 50'000};
    ::clock_nanosleep(CLOCK_MONOTONIC, 0, &a_moment, nullptr);
    ::pthread_setcancelstate(state, &state);
  }
#if defined(__x86_64__) || defined(__i386__)
  __builtin_ia32_pause();
#endif
}

}  // namespace blastune
