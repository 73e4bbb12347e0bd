// SPDX-License-Identifier: BSD-3-Clause
//
// Whole forward passes as a program makes them: in one process, real OpenBLAS calls, and in turn
//   the library's default, every constant count, and blastune (enter before, leave after each multiply).
// Prints, per case, the mean times, and then the ratios against the best constant of each case and against
// the default.
//
// blastune-bench-passes --blas FILE [--dtype f64] [--seconds 60] [--networks 784-100-50-10,...] [--batches
// ...]
#include <dlfcn.h>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <sstream>
#include <string>
#include <vector>

#include "bench/policy_times.h"
#include "blastune/blastune.h"
#include "model/layer.h"
#include "model/rng.h"
#include "tuner/rests.h"

namespace blastune::bench {
namespace {

using Clock = std::chrono::steady_clock;

double seconds_since(Clock::time_point start) {
  return std::chrono::duration<double>(Clock::now() - start).count();
}

struct Case {
  Network network;
  std::int64_t batch;
};

struct Library {
  void (*set_threads)(int);
  int (*get_threads)();
  void* gemm;
};

// 0: the default; c: constant count c; the last: blastune.
struct Policies {
  int constants;
  [[nodiscard]] std::size_t count() const { return static_cast<std::size_t>(constants) + 2; }
  [[nodiscard]] std::size_t blastune() const { return count() - 1; }
};

template <class Real>
class Passes {
 public:
  Passes(const Library& library, std::size_t largest_operand)
      : library_(library), weights_(largest_operand), ping_(largest_operand), pong_(largest_operand) {
    Rng rng(1);
    for (auto* operand : {&weights_, &ping_, &pong_}) {
      for (auto& value : *operand) value = static_cast<Real>(2 * rng.uniform() - 1);
    }
  }

  // Activations of one layer are the input of the next; every layer has weights of its own.
  void run(const Case& of, bool with_blastune) {
    std::size_t offset = 0;
    Real* input = ping_.data();
    Real* output = pong_.data();
    for (const auto& layer : layers_of(of.network)) {
      const auto size = static_cast<std::size_t>(layer.m * layer.n);
      multiply(layer.n, of.batch, layer.m, &weights_[offset], input, output, with_blastune);
      offset += size;
      std::swap(input, output);
    }
  }

 private:
  void multiply(std::int64_t m, std::int64_t n, std::int64_t k, const Real* a, const Real* b, Real* c,
                bool with_blastune) {
    constexpr int column_major = 102;
    constexpr int no_trans = 111;
    constexpr auto dtype = sizeof(Real) == 4 ? BLASTUNE_F32 : BLASTUNE_F64;
    using Function =
        void (*)(int, int, int, int, int, int, Real, const Real*, int, const Real*, int, Real, Real*, int);
    const auto call = reinterpret_cast<Function>(library_.gemm);
    const auto scope = with_blastune
                           ? blastune_enter_gemm(dtype, BLASTUNE_NO_TRANS, BLASTUNE_NO_TRANS, m, n, k)
                           : blastune_scope{};
    call(column_major, no_trans, no_trans, static_cast<int>(m), static_cast<int>(n), static_cast<int>(k),
         Real{1}, a, static_cast<int>(m), b, static_cast<int>(k), Real{0}, c, static_cast<int>(m));
    if (with_blastune) blastune_leave(scope);
  }

  Library library_;
  std::vector<Real> weights_;
  std::vector<Real> ping_;
  std::vector<Real> pong_;
};

// The median pass of a burst that lasts about two milliseconds; the first pass after the change is not
// counted.
template <class Real>
double burst(Passes<Real>& passes, const Case& of, const Library& library, std::size_t policy,
             const Policies& policies, int default_threads) {
  const bool with_blastune = policy == policies.blastune();
  library.set_threads(policy == 0 || with_blastune ? default_threads : static_cast<int>(policy));
  const auto start = Clock::now();
  passes.run(of, with_blastune);
  const double first = seconds_since(start);
  const int calls = std::clamp(static_cast<int>(2e-3 / first), 1, 9);
  std::vector<double> seconds;
  for (int i = 0; i < calls; ++i) {
    const auto begin = Clock::now();
    passes.run(of, with_blastune);
    seconds.push_back(seconds_since(begin));
  }
  library.set_threads(default_threads);
  return median(seconds);
}

template <class Real>
PolicyTimes measure(const Library& library, const std::vector<Case>& cases, const Policies& policies,
                    double budget) {
  std::size_t largest = 0;
  for (const auto& of : cases) {
    std::int64_t weights = 0;
    for (const auto& layer : layers_of(of.network)) weights += layer.m * layer.n;
    for (const auto size : of.network.sizes) {
      largest =
          std::max({largest, static_cast<std::size_t>(size * of.batch), static_cast<std::size_t>(weights)});
    }
  }
  Passes<Real> passes(library, largest);
  PolicyTimes times(cases.size());
  const int default_threads = library.get_threads();
  Rng rng(static_cast<std::uint64_t>(Clock::now().time_since_epoch().count()));
  // Large cases take as long as hundreds of small ones and are a hundred times steadier: they come up in
  // every fourth round only.
  constexpr double large_flops = 5e8;
  SystemClock clock;
  Rests rests(clock);
  const auto begin = Clock::now();
  for (int round = 0; round < 3 || seconds_since(begin) < budget; ++round) {
    std::vector<std::size_t> order;
    for (std::size_t i = 0; i < cases.size(); ++i) {
      double work = 0;
      for (const auto& layer : layers_of(cases[i].network)) {
        work += 2.0 * static_cast<double>(layer.m * layer.n * cases[i].batch);
      }
      if (work < large_flops || round % 4 == 0) order.push_back(i);
    }
    rng.shuffle(std::span(order));
    for (const auto at : order) {
      rests.rest_when_due();
      std::vector<std::size_t> policy_order(policies.count());
      for (std::size_t i = 0; i < policy_order.size(); ++i) policy_order[i] = i;
      rng.shuffle(std::span(policy_order));
      std::vector<double> block(policies.count());
      for (const auto policy : policy_order)
        block[policy] = burst(passes, cases[at], library, policy, policies, default_threads);
      times.add_block(at, std::move(block));
    }
  }
  return times;
}

void report(const PolicyTimes& times, const std::vector<Case>& cases, const Policies& policies) {
  std::vector<Comparison> with_best;
  std::vector<Comparison> with_default;
  for (std::size_t at = 0; at < cases.size(); ++at) {
    const std::size_t blastune = policies.blastune();
    with_best.push_back(
        times.compare_with_best(at, blastune, 1, static_cast<std::size_t>(policies.constants)));
    with_default.push_back(times.compare(at, blastune, 0));
    std::string name;
    for (const auto size : cases[at].network.sizes) {
      if (!name.empty()) name += '-';
      name += std::to_string(size);
    }
    std::fprintf(stderr, "%-16s batch %6lld  blocks %4zu ", name.c_str(),
                 static_cast<long long>(cases[at].batch), times.blocks(at));
    for (std::size_t policy = 0; policy < policies.count(); ++policy) {
      std::fprintf(stderr, " %10.1f", 1e6 * times.mean_seconds(at, policy));
    }
    std::fprintf(stderr, " us  best %.3f median %.3f  default %.3f median %.3f\n", with_best.back().of_means,
                 with_best.back().median, with_default.back().of_means, with_default.back().median);
  }
  std::printf("against the best constant of each case: %s\n", text(with_best).c_str());
  std::printf("against the library's default: %s\n", text(with_default).c_str());
}

std::vector<std::int64_t> numbers(const std::string& text, char separator) {
  std::vector<std::int64_t> values;
  std::istringstream words(text);
  for (std::string word; std::getline(words, word, separator);) values.push_back(std::stoll(word));
  return values;
}

int run(int argc, char** argv) {
  std::string blas = "libopenblas.so.0";
  std::string dtype = "f64";
  std::string networks = "784-100-50-10,784-300-140-10,617-230-90-26";
  std::string batches = "1,3,8,20,50,96,200,260,500,2000,9000,20000";
  double budget = 60;
  for (int i = 1; i + 1 < argc; i += 2) {
    const std::string option = argv[i];
    const std::string value = argv[i + 1];
    if (option == "--blas") blas = value;
    if (option == "--dtype") dtype = value;
    if (option == "--networks") networks = value;
    if (option == "--batches") batches = value;
    if (option == "--seconds") budget = std::stod(value);
  }
  void* handle = dlopen(blas.c_str(), RTLD_NOW | RTLD_GLOBAL);
  if (handle == nullptr) {
    std::fprintf(stderr, "%s\n", dlerror());
    return 1;
  }
  Library library{};
  library.set_threads = reinterpret_cast<void (*)(int)>(dlsym(handle, "openblas_set_num_threads"));
  library.get_threads = reinterpret_cast<int (*)()>(dlsym(handle, "openblas_get_num_threads"));
  library.gemm = dlsym(handle, dtype == "f32" ? "cblas_sgemm" : "cblas_dgemm");
  if (library.set_threads == nullptr || library.get_threads == nullptr || library.gemm == nullptr) {
    std::fprintf(stderr, "%s is no OpenBLAS\n", blas.c_str());
    return 1;
  }
  blastune_use_blas(library.gemm);
  if (blastune_recommend_layer(dtype == "f32" ? BLASTUNE_F32 : BLASTUNE_F64, 784, 100, 500) == 0) {
    std::fprintf(stderr, "no advice for %s %s; run `blastune tune --blas` first\n", blas.c_str(),
                 dtype.c_str());
    return 1;
  }
  std::vector<Case> cases;
  std::istringstream names(networks);
  for (std::string word; std::getline(names, word, ',');) {
    for (const auto batch : numbers(batches, ',')) cases.push_back({Network{numbers(word, '-')}, batch});
  }
  const Policies policies{library.get_threads()};
  const auto times = dtype == "f32" ? measure<float>(library, cases, policies, budget)
                                    : measure<double>(library, cases, policies, budget);
  report(times, cases, policies);
  return 0;
}

}  // namespace
}  // namespace blastune::bench

int main(int argc, char** argv) {
  return blastune::bench::run(argc, argv);
}
