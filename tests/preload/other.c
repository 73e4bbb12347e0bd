/* SPDX-License-Identifier: BSD-3-Clause */
void preload_other(void);
void preload_other(void) {}
