// SPDX-License-Identifier: BSD-3-Clause
#include "preload/unloading.h"

#include <dlfcn.h>

#include "blastune/blastune.h"
#include "client/loaded_objects.h"

namespace blastune {
namespace {

using Close = int (*)(void*);
std::atomic<Close> real_close{nullptr};

}  // namespace

constinit std::atomic<std::uint64_t> Unloading::present{0};

int Unloading::close_unseen(void* handle) {
  Close close = real_close.load(std::memory_order_relaxed);
  if (close == nullptr) {
    close = reinterpret_cast<Close>(::dlsym(RTLD_NEXT, "dlclose"));
    if (close == nullptr) return -1;
    real_close.store(close, std::memory_order_relaxed);
  }
  return close(handle);
}

int Unloading::close(void* handle) {
  present.fetch_add(1);
  const unsigned long long before = read_load_counters().unloaded;
  const int result = close_unseen(handle);
  if (read_load_counters().unloaded != before) present.fetch_add(one_unload);
  present.fetch_sub(1);
  return result;
}

}  // namespace blastune

extern "C" BLASTUNE_API int dlclose(void* handle) {
  return blastune::Unloading::close(handle);
}
