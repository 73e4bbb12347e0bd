// SPDX-License-Identifier: BSD-3-Clause
//
// How every part reports failure: by value. Nothing in lib/ throws across a part's boundary, and nothing
// at all throws across the C ABI. A failure carries what happened, where, and what the user can do next.
#pragma once

#include <optional>
#include <string>
#include <utility>
#include <variant>

namespace blastune {

// The kinds a caller acts on. The command line maps them to exit statuses (design: 0 done, 1 failed,
// 2 usage, 3 no table, 4 foreign table, 130 interrupted).
enum class ErrorKind {
  usage,         // the caller asked for something that cannot be meant
  invalid_data,  // a file or a message is damaged, hostile or of an unknown version
  not_found,     // nothing is there
  foreign,       // it is there, and it is for another machine or build
  unavailable,   // the operating system refused, or something needed is missing
  timed_out,
  interrupted,
};

struct Error {
  ErrorKind kind = ErrorKind::unavailable;
  std::string what;      // what happened and where, without a full stop
  std::string remedy;    // what to do next; may be empty
  int error_number = 0;  // errno where the operating system refused, for a caller with a better remedy

  // One line for a person: "what; remedy".
  [[nodiscard]] std::string text() const { return remedy.empty() ? what : what + "; " + remedy; }
};

// An Error made from errno: "cannot open FILE: No such file or directory".
[[nodiscard]] Error system_error(std::string what, int error_number, std::string remedy = {});

template <class T>
class [[nodiscard]] Result {
 public:
  Result(T value) : state_(std::in_place_index<0>, std::move(value)) {}
  Result(Error error) : state_(std::in_place_index<1>, std::move(error)) {}

  [[nodiscard]] bool ok() const { return state_.index() == 0; }
  explicit operator bool() const { return ok(); }

  // Precondition of value(): ok(). Precondition of error(): !ok().
  [[nodiscard]] T& value() & { return *present(std::get_if<0>(&state_)); }
  [[nodiscard]] const T& value() const& { return *present(std::get_if<0>(&state_)); }
  [[nodiscard]] T&& value() && { return std::move(*present(std::get_if<0>(&state_))); }
  [[nodiscard]] const Error& error() const { return *present(std::get_if<1>(&state_)); }

  T* operator->() { return present(std::get_if<0>(&state_)); }
  const T* operator->() const { return present(std::get_if<0>(&state_)); }
  T& operator*() & { return value(); }
  const T& operator*() const& { return value(); }

 private:
  // Tells the compiler the precondition, which it cannot see through the variant.
  template <class Pointer>
  static Pointer present(Pointer pointer) {
    if (pointer == nullptr) __builtin_unreachable();
    return pointer;
  }

  std::variant<T, Error> state_;
};

template <>
class [[nodiscard]] Result<void> {
 public:
  Result() = default;
  Result(Error error) : error_(std::move(error)) {}

  [[nodiscard]] bool ok() const { return !error_.has_value(); }
  explicit operator bool() const { return ok(); }
  [[nodiscard]] const Error& error() const { return *error_; }

 private:
  std::optional<Error> error_;
};

}  // namespace blastune
