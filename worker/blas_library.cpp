// SPDX-License-Identifier: BSD-3-Clause
#include "blas_library.h"

#include <dlfcn.h>

#include <array>
#include <bit>
#include <vector>

#include "gemm_table.h"
#include "loaded_object.h"

namespace blastune {
namespace {

constexpr std::array<const char*, 2> prefixes = {"", "scipy_"};
constexpr std::array<const char*, 3> suffixes = {"", "64_", "_64"};
constexpr std::array<const char*, 4> gemm_names = {"cblas_sgemm", "cblas_dgemm", "cblas_cgemm",
                                                   "cblas_zgemm"};
// Large enough that every build asks how many threads it has.
constexpr std::int64_t checking_size = 160;

// A function of the wrong type and back: what dlsym gives is an address, and POSIX promises that this works.
template <class Function>
Function as(void (*any)()) {
  return reinterpret_cast<Function>(any);
}

Error not_openblas(const std::string& file, std::string why) {
  return {ErrorKind::invalid_data, file + " is not an OpenBLAS library: " + std::move(why),
          "name an OpenBLAS shared library, such as libopenblas.so.0; `blastune doctor` lists those found"};
}

int cblas_value(Transpose transpose) {
  switch (transpose) {
    case Transpose::none:
      return cblas_no_transpose;
    case Transpose::transposed:
      return cblas_transpose;
    case Transpose::conjugated:
      return cblas_conjugate_transpose;
  }
  return cblas_no_transpose;
}

std::string text_from(void (*function)()) {
  if (function == nullptr) return {};
  // OpenBLAS declares these as returning char*; the text is its own static storage.
  const char* text = as<char* (*)()>(function)();
  return text == nullptr ? std::string() : std::string(text);
}

std::string without_outer_space(std::string text) {
  constexpr const char* space = " \t\n";
  const std::size_t last = text.find_last_not_of(space);
  text.erase(last == std::string::npos ? 0 : last + 1);
  text.erase(0, text.find_first_not_of(space));
  return text;
}

}  // namespace

BlasLibrary::AnyFunction BlasLibrary::find(const char* name, bool with_affixes) const {
  const std::string symbol = with_affixes ? build_.prefix + name + build_.suffix : std::string(name);
  return reinterpret_cast<AnyFunction>(::dlsym(handle_, symbol.c_str()));
}

Result<BlasLibrary> BlasLibrary::load(const std::string& file) {
  BlasLibrary library;
  library.handle_ = ::dlopen(file.c_str(), RTLD_NOW | RTLD_LOCAL);
  if (library.handle_ == nullptr) {
    const char* why = ::dlerror();
    return Error{ErrorKind::unavailable,
                 "cannot load " + file + ": " + (why == nullptr ? "the loader gives no reason" : why),
                 "name an OpenBLAS shared library for this machine; `blastune doctor` lists those found"};
  }
  if (Result<void> identified = library.identify(file); !identified) return identified.error();
  library.choose_setter();
  return library;
}

Result<void> BlasLibrary::identify(const std::string& file) {
  if (find("flexiblas_current_backend", false) != nullptr)
    return not_openblas(file, "it is FlexiBLAS, which passes calls on to another library");

  AnyFunction get_config = nullptr;
  for (const char* prefix : prefixes) {
    for (const char* suffix : suffixes) {
      if (get_config != nullptr) break;
      build_.prefix = prefix;
      build_.suffix = suffix;
      get_config = find("openblas_get_config", true);
    }
  }
  if (get_config == nullptr) return not_openblas(file, "it has no openblas_get_config");
  build_.config = without_outer_space(text_from(get_config));
  const std::optional<ConfigFacts> facts = parse_config(build_.config);
  if (!facts) return not_openblas(file, "its configuration text is \"" + build_.config.substr(0, 100) + "\"");
  build_.version = facts->version;
  build_.max_threads = facts->max_threads;
  build_.integer_bits = !build_.suffix.empty() || facts->use64bitint ? 64 : 32;

  const auto get_parallel = as<int (*)()>(find("openblas_get_parallel", true));
  if (get_parallel == nullptr) return not_openblas(file, "it has no openblas_get_parallel");
  switch (get_parallel()) {
    case 0:
      build_.threading = Threading::serial;
      break;
    case 1:
      build_.threading = Threading::pthread;
      break;
    case 2:
      build_.threading = Threading::openmp;
      break;
    default:
      return not_openblas(file, "openblas_get_parallel gives " + std::to_string(get_parallel()));
  }
  build_.core_name = without_outer_space(text_from(find("openblas_get_corename", true)));

  get_threads_ = as<int (*)()>(find("openblas_get_num_threads", true));
  set_threads_ = as<void (*)(int)>(find("openblas_set_num_threads", true));
  // Through the library's own handle: the runtime it depends on, not another one in the process.
  omp_set_threads_ = as<void (*)(int)>(find("omp_set_num_threads", false));
  omp_get_threads_ = as<int (*)()>(find("omp_get_max_threads", false));
  if (get_threads_ == nullptr) return not_openblas(file, "it has no openblas_get_num_threads");

  bool any = false;
  for (std::size_t i = 0; i < gemm_names.size(); ++i) {
    gemms_[i] = find(gemm_names[i], true);
    any = any || gemms_[i] != nullptr;
  }
  if (!any) return not_openblas(file, "it has no CBLAS multiply");

  // Of the object that says it is OpenBLAS: a libblas.so.3 may only lead to it.
  const auto address = std::bit_cast<const void*>(get_config);
  if (const std::optional<LoadedObject> object = loaded_object_at(address)) {
    build_.path = object->path;
    build_.build_id = object->build_id;
  }
  return {};
}

int BlasLibrary::threads() const {
  if (setter_ == CountSetter::openmp && omp_get_threads_ != nullptr) return omp_get_threads_();
  return get_threads_();
}

void BlasLibrary::apply(CountSetter setter, int threads) const {
  if (setter == CountSetter::openblas && set_threads_ != nullptr) set_threads_(threads);
  if (setter == CountSetter::openmp && omp_set_threads_ != nullptr) omp_set_threads_(threads);
}

bool BlasLibrary::count_follows(CountSetter setter, int threads) const {
  apply(setter, threads);
  // A multiply makes the library take note of the count that it will really use.
  for (const DType dtype : {DType::f64, DType::f32, DType::c128, DType::c64}) {
    if (!has(dtype)) continue;
    const Gemm gemm{dtype, Transpose::none, Transpose::none, checking_size, checking_size, checking_size};
    const std::size_t values =
        static_cast<std::size_t>(checking_size * checking_size) * element_size(dtype) / sizeof(double);
    std::vector<double> operands(3 * values, 0.0);
    multiply(gemm, operands.data(), operands.data() + values, operands.data() + 2 * values);
    break;
  }
  return get_threads_() == threads;
}

void BlasLibrary::choose_setter() {
  const int count = get_threads_();
  default_threads_ = count < 1 ? 1 : count;
  const CountSetter policy = count_setter(build_);
  if (policy == CountSetter::none) return;
  const int other = default_threads_ == 1 ? 2 : 1;
  const bool works = count_follows(policy, other) && count_follows(policy, default_threads_);
  apply(policy, default_threads_);
  // A build compiled for one thread cannot follow to two, and needs no setter either.
  if (works) setter_ = policy;
}

Result<void> BlasLibrary::set_threads(int threads) const {
  apply(setter_, threads);
  const int effective = this->threads();
  if (effective == threads) return {};
  return Error{
      ErrorKind::unavailable,
      "the library uses " + std::to_string(effective) + " threads when asked for " + std::to_string(threads),
      "ask for a count that this build and machine allow"};
}

bool BlasLibrary::has(DType dtype) const {
  return gemms_[static_cast<std::size_t>(dtype)] != nullptr;
}

template <class Integer>
void BlasLibrary::call(const Gemm& gemm, const void* a, const void* b, void* c) const {
  const int trans_a = cblas_value(gemm.trans_a);
  const int trans_b = cblas_value(gemm.trans_b);
  const auto m = static_cast<Integer>(gemm.m);
  const auto n = static_cast<Integer>(gemm.n);
  const auto k = static_cast<Integer>(gemm.k);
  const Integer lda = gemm.trans_a == Transpose::none ? m : k;
  const Integer ldb = gemm.trans_b == Transpose::none ? k : n;
  const AnyFunction function = gemms_[static_cast<std::size_t>(gemm.dtype)];
  switch (gemm.dtype) {
    case DType::f32:
      as<RealGemm<float, Integer>>(function)(cblas_column_major, trans_a, trans_b, m, n, k, 1.0F,
                                             static_cast<const float*>(a), lda, static_cast<const float*>(b),
                                             ldb, 0.0F, static_cast<float*>(c), m);
      return;
    case DType::f64:
      as<RealGemm<double, Integer>>(function)(
          cblas_column_major, trans_a, trans_b, m, n, k, 1.0, static_cast<const double*>(a), lda,
          static_cast<const double*>(b), ldb, 0.0, static_cast<double*>(c), m);
      return;
    case DType::c64: {
      constexpr std::array<float, 2> one = {1.0F, 0.0F};
      constexpr std::array<float, 2> zero = {0.0F, 0.0F};
      as<ComplexGemm<Integer>>(function)(cblas_column_major, trans_a, trans_b, m, n, k, one.data(), a, lda, b,
                                         ldb, zero.data(), c, m);
      return;
    }
    case DType::c128: {
      constexpr std::array<double, 2> one = {1.0, 0.0};
      constexpr std::array<double, 2> zero = {0.0, 0.0};
      as<ComplexGemm<Integer>>(function)(cblas_column_major, trans_a, trans_b, m, n, k, one.data(), a, lda, b,
                                         ldb, zero.data(), c, m);
      return;
    }
  }
}

void BlasLibrary::multiply(const Gemm& gemm, const void* a, const void* b, void* c) const {
  if (build_.integer_bits == 64)
    call<std::int64_t>(gemm, a, b, c);
  else
    call<std::int32_t>(gemm, a, b, c);
}

}  // namespace blastune
