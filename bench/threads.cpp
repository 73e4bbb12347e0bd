// SPDX-License-Identifier: BSD-3-Clause
//
// A program whose threads multiply at once, as a web server's or joblib's do: each thread multiplies over and
// over, and in turn, in random order, with one thread for each multiply, with the library's default, and with
// blastune (enter before, leave after). Prints what each way gets done against one thread for each.
//
// blastune-bench-threads --blas FILE [--rounds 15]
#include <dlfcn.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <random>
#include <string>
#include <thread>
#include <vector>

#include "blastune/blastune.h"

namespace {

constexpr int by_column = 102;
constexpr int no_transpose = 111;
constexpr auto window = std::chrono::milliseconds(300);

struct Shape {
  int m, n, k;
};

enum Way { one_each, by_default, by_blastune, ways };

struct Library {
  void (*multiply)(int, int, int, int, int, int, double, const double*, int, const double*, int, double,
                   double*, int);
  void (*set_threads)(int);
  bool counts_are_threads;  // an OpenMP build's
  int default_threads;
};

template <class Function>
Function* symbol(void* library, const char* name) {
  auto* found = reinterpret_cast<Function*>(::dlsym(library, name));
  if (found == nullptr) {
    std::fprintf(stderr, "blastune-bench-threads: %s is not there; name an OpenBLAS with --blas\n", name);
    std::exit(1);
  }
  return found;
}

long multiply_until(const std::atomic<bool>& stop, const Library& library, const Shape& shape, Way way) {
  const auto [m, n, k] = shape;
  std::vector<double> a(static_cast<std::size_t>(m) * static_cast<std::size_t>(k), 0.5);
  std::vector<double> b(static_cast<std::size_t>(k) * static_cast<std::size_t>(n), 0.25);
  std::vector<double> c(static_cast<std::size_t>(m) * static_cast<std::size_t>(n));
  if (library.counts_are_threads) library.set_threads(way == one_each ? 1 : library.default_threads);
  long done = 0;
  for (; !stop; ++done) {
    blastune_scope scope = {};
    if (way == by_blastune)
      scope = blastune_enter_gemm(BLASTUNE_F64, BLASTUNE_NO_TRANS, BLASTUNE_NO_TRANS, m, n, k);
    library.multiply(by_column, no_transpose, no_transpose, m, n, k, 1, a.data(), m, b.data(), k, 0, c.data(),
                     m);
    if (way == by_blastune) blastune_leave(scope);
  }
  return done;
}

double multiplies_a_second(const Library& library, const Shape& shape, int threads, Way way) {
  library.set_threads(way == one_each ? 1 : library.default_threads);
  std::atomic<bool> stop{false};
  std::atomic<long> done{0};
  std::vector<std::jthread> running;
  running.reserve(static_cast<std::size_t>(threads));
  const auto begin = std::chrono::steady_clock::now();
  for (int i = 0; i < threads; ++i)
    running.emplace_back([&] { done += multiply_until(stop, library, shape, way); });
  std::this_thread::sleep_for(window);
  stop = true;
  running.clear();
  const std::chrono::duration<double> taken = std::chrono::steady_clock::now() - begin;
  return static_cast<double>(done) / taken.count();
}

double median(std::vector<double> values) {
  std::sort(values.begin(), values.end());
  return values[values.size() / 2];
}

}  // namespace

int main(int count, char** words) {
  std::string blas = "libopenblas.so.0";
  int rounds = 15;
  for (int i = 1; i + 1 < count; i += 2) {
    if (std::strcmp(words[i], "--blas") == 0) blas = words[i + 1];
    if (std::strcmp(words[i], "--rounds") == 0) rounds = std::max(1, std::atoi(words[i + 1]));
  }
  void* loaded = ::dlopen(blas.c_str(), RTLD_NOW | RTLD_GLOBAL);
  if (loaded == nullptr) {
    std::fprintf(stderr, "blastune-bench-threads: %s\n", ::dlerror());
    return 1;
  }
  Library library{};
  library.multiply = symbol<std::remove_pointer_t<decltype(library.multiply)>>(loaded, "cblas_dgemm");
  library.set_threads = symbol<void(int)>(loaded, "openblas_set_num_threads");
  library.counts_are_threads = symbol<int()>(loaded, "openblas_get_parallel")() == 2;
  library.default_threads = symbol<int()>(loaded, "openblas_get_num_threads")();

  std::mt19937_64 random(1);
  for (const Shape& shape :
       {Shape{100, 20, 784}, Shape{100, 100, 784}, Shape{100, 500, 784}, Shape{300, 500, 784}}) {
    for (const int threads : {1, 2, 4}) {
      std::array<std::vector<double>, ways> rates;
      for (int round = 0; round < rounds; ++round) {
        std::array<Way, ways> order = {one_each, by_default, by_blastune};
        std::shuffle(order.begin(), order.end(), random);
        for (const Way way : order)
          rates.at(way).push_back(multiplies_a_second(library, shape, threads, way));
      }
      const double reference = median(rates[one_each]);
      std::printf(
          "| %dx%dx%d in %d threads at once | default %.2f, blastune %.2f times the multiplies of one thread "
          "each |\n",
          shape.m, shape.n, shape.k, threads, median(rates[by_default]) / reference,
          median(rates[by_blastune]) / reference);
    }
  }
  return 0;
}
