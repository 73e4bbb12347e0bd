/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Loads modules as Python loads its extensions, each for itself, calls them in turn, and again from a child
 * of fork() and from a thread when asked to.
 *
 *   host [fork] [thread] [unload] [only] [kill] MODULE...
 *
 * only: no module is called. kill: it is killed at the end.
 */
#include <dlfcn.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

typedef void call(void);

static void* run(void* called) {
  call* function = NULL;
  memcpy(&function, &called, sizeof function);
  function();
  return NULL;
}

int main(int count, char** words) {
  int forks = 0, threads = 0, unloads = 0, calls = 1, kills = 0;
  for (int i = 1; i < count; ++i) {
    if (strcmp(words[i], "fork") == 0) {
      forks = 1;
    } else if (strcmp(words[i], "thread") == 0) {
      threads = 1;
    } else if (strcmp(words[i], "unload") == 0) {
      unloads = 1;
    } else if (strcmp(words[i], "only") == 0) {
      calls = 0;
    } else if (strcmp(words[i], "kill") == 0) {
      kills = 1;
    } else if (!calls) {
      if (dlopen(words[i], RTLD_NOW | RTLD_LOCAL) == NULL) return 1;
    } else {
      void* module = dlopen(words[i], RTLD_NOW | RTLD_LOCAL);
      void* called = module == NULL ? NULL : dlsym(module, "call_all");
      if (called == NULL) {
        fprintf(stderr, "%s\n", dlerror());
        return 1;
      }
      run(called);
      if (threads) {
        pthread_t thread;
        pthread_create(&thread, NULL, run, called);
        pthread_join(thread, NULL);
      }
      if (forks) {
        fflush(stdout);
        const pid_t child = fork();
        if (child == 0) {
          run(called);
          fflush(stdout);
          _exit(0);
        }
        int status = 1;
        waitpid(child, &status, 0);
        if (status != 0) return 1;
      }
      if (unloads) dlclose(module);
    }
  }
  if (kills) {
    fflush(stdout);
    raise(SIGKILL);
  }
  return 0;
}
