/* SPDX-License-Identifier: BSD-3-Clause */
/* A program for another architecture, or another C library. */
#include <stdio.h>

int main(int count, char** words) {
  (void)words;
  printf("%d words, pointers of %d bits\n", count, (int)(8 * sizeof(void*)));
  return 7;
}
