// SPDX-License-Identifier: BSD-3-Clause
//
// An OpenBLAS as its worker says it, for upkeep without one.
#pragma once

#include "model/worker_protocol.h"

namespace blastune::testing {

inline WorkerHello small_library() {
  WorkerHello hello;
  hello.build.version = {0, 3, 21};
  hello.build.threading = Threading::pthread;
  hello.build.max_threads = 64;
  hello.build.build_id = "abcd";
  hello.build.path = "/somewhere/libopenblas.so.0";
  hello.default_threads = 4;
  hello.setter = CountSetter::openblas;
  return hello;
}

}  // namespace blastune::testing
