// SPDX-License-Identifier: BSD-3-Clause
#include "client/thread_memo.h"

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
  ::pthread_once(&key_once, &make_key);
  if (!key_made) return nullptr;
  auto* memo = new (std::nothrow) Memo;
  if (memo != nullptr && ::pthread_setspecific(key, memo) != 0) {
    delete memo;
    memo = nullptr;
  }
  thread_memo = memo;
  return memo;
}

}  // namespace blastune
