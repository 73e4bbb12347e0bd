/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What a spy and those who call it agree on: SPY_PREFIX and SPY_SUFFIX stand around all names, and SPY_WIDE
 * makes integers 64 bits.
 */
#ifndef BLASTUNE_TESTS_PRELOAD_NAMES_H
#define BLASTUNE_TESTS_PRELOAD_NAMES_H

#include <stddef.h>
#include <stdint.h>

#define JOIN(a, b, c) a##b##c
#define JOIN_EXPANDED(a, b, c) JOIN(a, b, c)
#define NAME(name) JOIN_EXPANDED(SPY_PREFIX, name, SPY_SUFFIX)

#ifdef SPY_WIDE
typedef int64_t integer;
#else
typedef int integer;
#endif

int NAME(openblas_get_num_threads)(void);

#endif
