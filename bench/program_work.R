# SPDX-License-Identifier: BSD-3-Clause
#
# An unmodified R program for programs.py, with the manners of program_work.py: products, cross products and
# inverses. Says "ready", and then for each line "run TIME" works for TIME seconds and prints as JSON how often and for
# how many seconds it ran each case. R has doubles only.
now_seconds <- function() as.numeric(proc.time()[["elapsed"]])

set.seed(1)
cases <- list()
for (batch in c(1, 8, 20, 50, 200, 500, 2000)) {
  cases[[paste("300-784 batch", batch)]] <- local({
    weights <- matrix(rnorm(300 * 784), 300)
    samples <- matrix(rnorm(784 * batch), 784)
    function() weights %*% samples
  })
}
for (size in c(50, 200, 500)) {
  cases[[paste("crossprod", size)]] <- local({
    samples <- matrix(rnorm(size * size), size)
    function() crossprod(samples)
  })
  cases[[paste("solve", size)]] <- local({
    samples <- crossprod(matrix(rnorm(size * size), size)) + diag(size)
    function() solve(samples)
  })
}

run_cases <- function(seconds) {
  calls <- setNames(numeric(length(cases)), names(cases))
  spent <- calls
  ends <- now_seconds() + seconds
  while (now_seconds() < ends) {
    for (name in sample(names(cases))) {
      # elapsed is to the millisecond: each case has at least some of them.
      begin <- now_seconds()
      done <- 0
      repeat {
        cases[[name]]()
        done <- done + 1
        if (now_seconds() - begin >= 0.02) break
      }
      calls[[name]] <- calls[[name]] + done
      spent[[name]] <- spent[[name]] + now_seconds() - begin
      if (now_seconds() >= ends) break
    }
  }
  paste0("{", paste(sprintf('"%s": [%d, %.9f]', names(cases), calls, spent), collapse = ", "), "}")
}

for (case in cases) invisible(case())
cat("ready\n")
input <- file("stdin", "r")
while (length(line <- readLines(input, 1)) > 0) {
  cat(run_cases(as.numeric(sub("run ", "", line))), "\n", sep = "")
}
