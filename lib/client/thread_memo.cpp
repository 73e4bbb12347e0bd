// SPDX-License-Identifier: BSD-3-Clause
#include "client/thread_memo.h"

#include <errno.h>
#include <pthread.h>

#include <new>

namespace blastune {
namespace {

constinit pthread_once_t key_once = PTHREAD_ONCE_INIT;
constinit bool key_made = false;
constinit pthread_key_t key{};

// Another library's destructor may multiply after this one, and then makes a memo anew.
void forget(void* memo) {
  thread_memo = nullptr;
  delete static_cast<Memo*>(memo);
}

void make_key() {
  key_made = ::pthread_key_create(&key, &forget) == 0;
}

}  // namespace

constinit thread_local Memo* thread_memo [[gnu::tls_model("initial-exec")]] = nullptr;

Memo* make_thread_memo() noexcept {
  const int error_number = errno;
  ::pthread_once(&key_once, &make_key);
  auto* memo = key_made ? new (std::nothrow) Memo : nullptr;
  if (memo != nullptr && ::pthread_setspecific(key, memo) != 0) {
    delete memo;
    memo = nullptr;
  }
  errno = error_number;
  thread_memo = memo;
  return memo;
}

}  // namespace blastune
