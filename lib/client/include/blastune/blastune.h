/* SPDX-License-Identifier: BSD-3-Clause
 *
 * blastune: the best number of OpenBLAS threads for each matrix multiply, as measured on this machine.
 *
 * This header is the manual of libblastune-client. The library finds the OpenBLAS that the program has
 * loaded, reads the table that `blastune tune` (or the daemon) wrote for this machine and that very build,
 * and answers from it. It links no BLAS itself, starts no thread, prints nothing unless asked
 * (BLASTUNE_LOG), never aborts, and leaves errno as it was.
 *
 *   Ask only:       int threads = blastune_recommend_gemm(BLASTUNE_F64, BLASTUNE_NO_TRANS, BLASTUNE_NO_TRANS,
 *                                                         m, n, k);
 *   Ask and apply:  blastune_scope scope = blastune_enter_gemm(BLASTUNE_F64, BLASTUNE_NO_TRANS,
 *                                                              BLASTUNE_NO_TRANS, m, n, k);
 *                   cblas_dgemm(CblasColMajor, CblasNoTrans, CblasNoTrans, m, n, k, ...);
 *                   blastune_leave(scope);
 *
 * SHAPES. A gemm is column-major, as the BLAS sees it: C (m x n) = op(A) (m x k) * op(B) (k x n). For a
 * row-major call exchange the operands: ask with (transpose_b, transpose_a, n, m, k). OpenBLAS splits m and
 * n differently, so the order matters. Every size is from 1 to 2147483647; with any other size, dtype or
 * transpose there is no opinion.
 *
 * NO OPINION is 0, never an error: no table, a table for another machine or another OpenBLAS, a damaged file,
 * no OpenBLAS loaded, several of them and no telling which, or BLASTUNE_DISABLE. blastune_status() says why.
 *
 * LIMITS hold for every scope, from the first one on, whether there is an opinion or not: the processors that
 * this process may use (affinity, the quotas of all its control groups), BLASTUNE_MAX_THREADS, what other
 * programs leave of the machine, and the part of it that remains where several threads call at once. The
 * count that the program or its user gave OpenBLAS (OPENBLAS_NUM_THREADS, OMP_NUM_THREADS,
 * openblas_set_num_threads(), omp_set_num_threads(), threadpoolctl) is never exceeded. A limit that changes
 * is followed within a second. Where none of them is below OpenBLAS's own count and there is no opinion, the
 * count stays as it is.
 *
 * THREADS. Every function may be called from any thread at any time, except from signal handlers and from
 * what pthread_atfork() registered. A scope belongs to the thread that entered it. While several threads are
 * inside scopes at once, only the first changes a count that the threads share; the others run with what they
 * find, and the last one out restores it. In OpenMP builds the count belongs to the calling thread; threads
 * then agree on one count while they overlap, because the library frees buffers that others use when its
 * count falls. In a program that multiplies in several threads on an OpenMP build, put every such multiply in
 * a scope, or none. Inside an OpenMP parallel region nothing is changed.
 *
 * OTHER LOAD. Where other programs use the processors, the best count among those that they leave room for is
 * taken. The library looks at how the machine is used ten times a second at most, in the call that finds it
 * due (some 20 us; more on large machines, never over 0.5 percent of the time), and takes a call that waited
 * for a processor for a sign of others at once. BLASTUNE_LOAD=0 switches it off.
 *
 * FEEDBACK. A table is a mean over the states of a machine and over programs. The library times the scopes of
 * gemms, and learns from them how much further threads are worth now (the state of the machine, one number
 * for all gemms) and how this program's gemms differ from the table's. Where the count that is not held could
 * be the faster one, it gets four calls now and then, which take at most 0.5 percent of the time. What is
 * recommended follows the state too. BLASTUNE_FEEDBACK=0 switches it off, and so does BLASTUNE_LOAD=0 unless
 * BLASTUNE_FEEDBACK=1 is set: counts then depend on the table and the limits alone.
 *
 * A change of the count that the program makes itself inside a scope is respected: it is not undone. Thread
 * counts change the order of summation, and so the last bits of results; for results that repeat to the bit,
 * set BLASTUNE_DISABLE=1 and a fixed OPENBLAS_NUM_THREADS.
 *
 * PROCESSES. fork() is safe: a child keeps the advice and picks up changes by itself. An OpenBLAS that
 * advice was given for stays loaded until the process ends.
 *
 * TABLE. $BLASTUNE_TABLE, else $XDG_CACHE_HOME/blastune/table.json (~/.cache/...), else
 * /var/cache/blastune/table.json. A changed table is used within a second of its change by the calls that
 * follow, without a thread and without a system call per multiply. A damaged one is ignored and the
 * advice from before is kept; a removed one ends all opinion.
 *
 * ENVIRONMENT, read once, at the first call; ignored in set-user-ID programs.
 *   BLASTUNE_DISABLE=1       no opinion, no limits: nothing is done
 *   BLASTUNE_MAX_THREADS=N   never more than N threads
 *   BLASTUNE_TABLE=FILE      this table
 *   BLASTUNE_LOAD=0          do not follow the load; =look: by the processors' use only; =feel: by own calls
 * only BLASTUNE_FEEDBACK=0      do not learn from own calls BLASTUNE_LOG=1           tables found and why
 * there is no opinion, on stderr; =2 also each new shape
 *
 * LINKING. pkg-config: blastune. CMake: find_package(blastune), target blastune::client.
 */
#ifndef BLASTUNE_BLASTUNE_H
#define BLASTUNE_BLASTUNE_H

#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

#if defined(__GNUC__)
#define BLASTUNE_API __attribute__((visibility("default")))
#else
#define BLASTUNE_API
#endif

/* Raised when functions or fields are added. Nothing is ever taken away under one SONAME. */
#define BLASTUNE_API_VERSION 1

/* Constants are plain integers, so that a value this header does not know is refused, not undefined. */

/* The element type of all three matrices: float, double, float complex, double complex. */
typedef int32_t blastune_dtype;
enum { BLASTUNE_F32 = 0, BLASTUNE_F64 = 1, BLASTUNE_C64 = 2, BLASTUNE_C128 = 3 };

typedef int32_t blastune_transpose;
enum { BLASTUNE_NO_TRANS = 0, BLASTUNE_TRANS = 1, BLASTUNE_CONJ_TRANS = 2 };

/* Where advice comes from. */
enum {
  BLASTUNE_BASIS_NONE = 0,        /* no opinion */
  BLASTUNE_BASIS_MEASURED = 1,    /* this very gemm was measured */
  BLASTUNE_BASIS_INTERPOLATED = 2 /* from gemms nearby */
};

/* Why there is no opinion at all; see blastune_status_info. New values may be added. */
enum {
  BLASTUNE_READY = 0,            /* there are opinions */
  BLASTUNE_DISABLED = 1,         /* BLASTUNE_DISABLE is set */
  BLASTUNE_NO_TABLE = 2,         /* no table file: run `blastune tune` */
  BLASTUNE_BAD_TABLE = 3,        /* it cannot be read or is damaged */
  BLASTUNE_FOREIGN_MACHINE = 4,  /* it is for another machine */
  BLASTUNE_FOREIGN_BUILD = 5,    /* it is for other builds of OpenBLAS than the one loaded */
  BLASTUNE_NO_OPENBLAS = 6,      /* no OpenBLAS is loaded */
  BLASTUNE_SEVERAL_OPENBLAS = 7, /* several are, and which is meant is unclear: blastune_use_blas */
  BLASTUNE_FAILED = 8            /* out of memory or the like; tried again a second later */
};

/* What blastune_enter_gemm hands to blastune_leave. A small value, to be passed on as it is; all zero when
 * there is nothing to undo. It owns nothing that must be freed. */
typedef struct blastune_scope {
  uint64_t opaque[2];
} blastune_scope;

/* Advice in full. The caller sets size to sizeof(blastune_advice) first; on return it is the number of
 * bytes that the library knows. */
typedef struct blastune_advice {
  uint32_t size;
  int32_t threads; /* 0: no opinion, and nothing below means anything but limit and one_thread_anyway */
  int32_t basis;   /* BLASTUNE_BASIS_... */
  int32_t limit;   /* the most threads that this call may use now; 0 when unknown */
  double expected_seconds;   /* of one call with that count */
  double default_seconds;    /* of one call with OpenBLAS's own choice, within the same limit; 0: not known */
  double confidence;         /* 0 to 1: probability that no allowed count is faster by more than 2 percent */
  int32_t one_thread_anyway; /* 1: OpenBLAS makes such a gemm on one thread whatever its count */
  int32_t reserved;          /* 0 */
} blastune_advice;

/* What the library knows and does. The caller sets size to sizeof(blastune_status_info) first. Texts are
 * UTF-8, end with a zero byte, and are cut when too long. */
typedef struct blastune_status_info {
  uint32_t size;
  int32_t reason;        /* BLASTUNE_READY, or why there is no opinion */
  uint64_t generation;   /* rises with every change of the advice; 0: there never was any */
  int64_t measured_unix; /* when the table's last sample was taken, seconds since 1970; 0 without table */
  int64_t curves;        /* gemms measured for the OpenBLAS in use */
  int32_t builds;        /* OpenBLAS libraries found in this process */
  int32_t usable;        /* processors this process may use; 0 while unknown */
  int32_t limit;         /* the most threads that this thread's next call may use; 0 while unknown */
  int32_t applies;       /* 1: blastune_enter_gemm can set this build's count; 0: it cannot, safely */
  char table[1024];      /* the table's path; empty when there is none */
  char build[256];       /* the OpenBLAS in use; empty when there is none */
  char message[512]; /* the reason, or what is wrong with the newest table, and what to do; may be empty */
} blastune_status_info;

/* One OpenBLAS of this process. The caller sets size to sizeof(blastune_blas_info) first. */
typedef struct blastune_blas_info {
  uint32_t size;
  int32_t integer_bits; /* 32 or 64: of the sizes that its functions take */
  int32_t applies;      /* 1: its count can be set; 0: it cannot, safely */
  int32_t limit;        /* the most threads that this thread's next call may use; 0 while unknown */
  char build[256];      /* "OpenBLAS 0.3.21 pthread (Zen)" */
  char path[1024];      /* the file it was loaded from */
  int32_t reason;       /* BLASTUNE_READY, or why there is no opinion about it */
  int32_t unused;       /* 0 */
  int64_t curves;       /* gemms measured for it */
  char table[1024];     /* the path of the table with its advice; empty when there is none */
  char message[512];    /* the reason, and what to do; may be empty */
} blastune_blas_info;

/* The API version of the library that runs, to compare with BLASTUNE_API_VERSION. */
BLASTUNE_API int blastune_api_version(void);

/* Threads for one column-major gemm; 0: no opinion. Some 15 ns for a shape that this thread asked for lately,
 * below 1 us for any other. Nothing is locked or waited for. A thread's first call allocates what it will
 * remember (9 KiB). Once a second one call looks for changed tables, libraries and limits, and at most ten
 * times a second one looks at the load (OTHER LOAD); only these enter the kernel. */
BLASTUNE_API int blastune_recommend_gemm(blastune_dtype dtype, blastune_transpose transpose_a,
                                         blastune_transpose transpose_b, int64_t m, int64_t n, int64_t k);

/* Threads for the forward pass of a dense layer: m input features, n output features, batch samples, each
 * sample a column: Z (n x batch) = W (n x m) * X (m x batch), column-major. 0: no opinion. For samples in
 * rows, row-major, ask blastune_recommend_gemm with (n, batch, m). */
BLASTUNE_API int blastune_recommend_layer(blastune_dtype dtype, int64_t m, int64_t n, int64_t batch);

/* The same with everything known about it. 0, or -EINVAL for a null pointer, a size that is too small, or
 * an invalid dtype, transpose or dimension. No opinion is 0 with threads == 0. */
BLASTUNE_API int blastune_advise_gemm(blastune_dtype dtype, blastune_transpose transpose_a,
                                      blastune_transpose transpose_b, int64_t m, int64_t n, int64_t k,
                                      blastune_advice* advice);

/* Sets OpenBLAS's count for the multiply that follows in this thread; blastune_leave puts back what was
 * there. Scopes may be nested; leave them in the opposite order. Each must be left exactly once, by the
 * thread that entered it: one that is never left keeps the count from ever being changed or restored again.
 */
BLASTUNE_API blastune_scope blastune_enter_gemm(blastune_dtype dtype, blastune_transpose transpose_a,
                                                blastune_transpose transpose_b, int64_t m, int64_t n,
                                                int64_t k);
BLASTUNE_API void blastune_leave(blastune_scope scope);

/* Which OpenBLAS this process means, for programs that load several: the address of a BLAS function as the
 * program calls it, such as (const void *)&cblas_dgemm or what dlsym() returned. For the whole process, until
 * the next call; a null pointer goes back to choosing automatically. Automatically, the only one that is
 * loaded is meant; of several, the one that provides the program's own cblas_dgemm or dgemm_.
 * 0, -ENOENT when no OpenBLAS is behind that address (the choice stays as it was), -ENOMEM. */
BLASTUNE_API int blastune_use_blas(const void* symbol_address);

/* For programs that multiply with several OpenBLAS: a number above 0 for the one behind that address, which
 * holds until the process ends; -ENOENT when there is none, -EINVAL for a null pointer, -ENOMEM. Not for hot
 * paths. */
BLASTUNE_API int blastune_find_blas(const void* symbol_address);

/* 0, or -EINVAL for a number that blastune_find_blas did not return, a null pointer or a size that is too
 * small. */
BLASTUNE_API int blastune_describe_blas(int blas, blastune_blas_info* info);

/* blastune_enter_gemm for a multiply with that one, whichever the process means otherwise. Any other number:
 * nothing is done. */
BLASTUNE_API blastune_scope blastune_enter_gemm_in(int blas, blastune_dtype dtype,
                                                   blastune_transpose transpose_a,
                                                   blastune_transpose transpose_b, int64_t m, int64_t n,
                                                   int64_t k);

/* For a routine of that OpenBLAS which takes about as long as this gemm: symm as it is, syrk as the gemm
 * n x n/2 x k. OpenBLAS makes small gemms on one thread whatever its count, and such routines not: here the
 * count is set for these, too. */
BLASTUNE_API blastune_scope blastune_enter_level3_in(int blas, blastune_dtype dtype,
                                                     blastune_transpose transpose_a,
                                                     blastune_transpose transpose_b, int64_t m, int64_t n,
                                                     int64_t k);

/* For any other call of that OpenBLAS which may use several threads, and for which there is no advice: lowers
 * the count to the limits, and leaves it alone while they allow all of it. slow_seconds:
 * what such a call surely does not take while nobody else is there, by a rough estimate: one that takes
 * longer is looked at for having waited. 0: not known. */
BLASTUNE_API blastune_scope blastune_enter_limited_in(int blas, double slow_seconds);

/* For those who keep count of what was done (`blastune run --stats`).
 *
 * How many threads the multiply in that scope uses: the count that holds now. To be asked by the thread that
 * entered it, before it leaves it. 0: nothing was set, and OpenBLAS does as it would by itself. */
BLASTUNE_API int blastune_scope_threads(blastune_scope scope);

/* blastune_advise_gemm for that OpenBLAS, as its table has it: what others use now is left out of it. -EINVAL
 * also for a number that blastune_find_blas did not return. */
BLASTUNE_API int blastune_advise_gemm_in(int blas, blastune_dtype dtype, blastune_transpose transpose_a,
                                         blastune_transpose transpose_b, int64_t m, int64_t n, int64_t k,
                                         blastune_advice* advice);

/* A number for all that this advice rests on: while it is the same, so is the advice. Where there is none for
 * anything, the number is the reason (BLASTUNE_DISABLED and so on), which no other one is; for a number that
 * blastune_find_blas did not return BLASTUNE_NO_OPENBLAS or BLASTUNE_DISABLED. In an OpenMP build it is this
 * thread's, and to be asked outside of scopes. A few ns. */
BLASTUNE_API uint64_t blastune_advice_stamp(int blas);

/* Looks now for a changed table, newly loaded libraries and changed limits, instead of within a second.
 * 0: there are opinions now. Otherwise -ENOENT (no table, no OpenBLAS), -EBADMSG (damaged table),
 * -ESTALE (for another machine or build), -ECANCELED (disabled), -ENOTUNIQ (several OpenBLAS), -ENOMEM. */
BLASTUNE_API int blastune_reload(void);

/* 0, or -EINVAL for a null pointer or a size that is too small. Not for hot paths. */
BLASTUNE_API int blastune_status(blastune_status_info* status);

#ifdef __cplusplus
}
#endif

#endif
