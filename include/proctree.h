/* proctree.h - what /proc says about processes and their kin, and signals that reach the process
 * that was meant or nobody.
 *
 * A number read from /proc may be another process's a moment later. Who signals by number must own
 * the number (a child that it has not reaped); all others are signalled by pidfd, after a check
 * that was made with the pidfd open: where the process that was checked is gone, the signal is
 * too. Functions return 0 or a negative errno; -ESRCH: there is no such process. Any thread. */
#ifndef PROCTREE_H
#define PROCTREE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

struct proc_facts {
    char state; /* 'R', 'S', 'Z' ...: of its main thread */
    long threads;
    pid_t parent;
    pid_t group;
    pid_t session;
    uint64_t start;       /* with the pid, says which process it is */
    bool has_memory;      /* false: it is ending */
    bool has_environment; /* false: the same, or in the middle of an exec, or not ours to know */
};

struct pids {
    pid_t *items;
    size_t count;
    size_t room;
};

/* /proc shows the namespace of pids that we live in, so its numbers mean to us what they say. */
bool proc_is_ours(void);

int proc_read_facts(pid_t pid, struct proc_facts *out_facts) __attribute__((warn_unused_result));

/* Dead, or as good as: nothing of it runs any more. */
bool proc_is_over(const struct proc_facts *facts);

/* The same of what has that number, or nothing has it: certain, unless /proc is not ours. */
bool proc_is_gone(pid_t pid);

/* Opens the list of the children of one thread of ours, which can be read again and again: also
 * where no more descriptors are to be had. A descriptor, or a negative errno. */
int proc_open_own_children(pid_t thread) __attribute__((warn_unused_result));
int proc_read_own_children(int fd, struct pids *pids) __attribute__((warn_unused_result));

/* Adds the children of all threads of a process. */
int proc_children(pid_t pid, struct pids *pids) __attribute__((warn_unused_result));

int pids_add(struct pids *pids, pid_t pid) __attribute__((warn_unused_result));
void pids_release(struct pids *pids); /* leaves it empty */
void pids_sort(struct pids *pids);
bool pids_have(const struct pids *sorted, pid_t pid);

/* The whole environment that a process was started with, NUL-terminated entries in *out_size bytes
 * (one more NUL follows), to free(). -EACCES: not ours to read. */
int proc_environment(pid_t pid, char **out_bytes, size_t *out_size)
    __attribute__((warn_unused_result));

/* The value of a variable in those bytes, or NULL. */
const char *proc_variable(const char *bytes, size_t size, const char *name);

/* Its command line, on one line and not too long: a string to free(), or NULL. */
char *proc_command(pid_t pid);

/* Called with a pidfd that is certain to be of the process meant. */
typedef void proc_visit(void *arg, pid_t pid, int pidfd, const struct proc_facts *facts);

/* Visits all living descendants of `root`, whose number is pinned by the caller or which is checked
 * to be the process of `start` still; ancestors first. What cannot be looked at is left out. */
void proc_walk(pid_t root, uint64_t start, proc_visit *visit, void *arg);

#endif
