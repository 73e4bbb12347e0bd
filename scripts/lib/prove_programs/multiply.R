# SPDX-License-Identifier: BSD-3-Clause
# Whole numbers, so that the products are exact; then a multiply that BLAS refuses, which R's error() jumps out of.
dyn.load(Sys.getenv("JUMP"))
product <- function(rows) {
  a <- matrix(seq_len(rows * 100) %% 9 - 4, rows, 100)
  b <- matrix(seq_len(100 * 50) %% 7 - 3, 100, 50)
  c <- a %*% b
  cat(sprintf("%.0f ", c(sum(c), sum(c * seq_along(c)))), "\n")
}
before <- .Call("count")
product(500)
for (round in 1:3) cat(tryCatch(.Call("refused"), error = conditionMessage), "\n")
product(501)
cat("the count is", if (.Call("count") == before) "what it was" else "another", "\n")
