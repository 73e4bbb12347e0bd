// SPDX-License-Identifier: BSD-3-Clause
//
// The function that a caller would have bound if this library were not there. Any thread; allocates, and does
// without where there is no memory.
#pragma once

namespace blastune {

// symbol as the caller's object names it; caller: an address of its code. In the order of the caller's own
// dependencies, else what comes next in the global order, else the first loaded object that defines it. The
// object it is in stays loaded from now on. Null when there is none.
void* find_real_function(const char* symbol, const void* caller) noexcept;

// Only among the dependencies of the library that the address is in; null for the program itself.
void* find_in_dependencies(const void* address, const char* symbol) noexcept;

}  // namespace blastune
