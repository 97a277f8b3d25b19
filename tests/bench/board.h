/* board.h - where children of the bench report: a file that they map, named by BENCH_BOARD.
 *
 * Each report takes an entry of its own. Whoever makes the count of reports reach `goal` writes a
 * byte to the FIFO named by BENCH_BELL, so that the bench sleeps meanwhile, whatever it measures.
 * Only system calls, and no memory but the caller's stack: child.c runs without the C library. */
#ifndef BENCH_BOARD_H
#define BENCH_BOARD_H

#include <fcntl.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#define BOARD_BYTES (1 << 20)

struct board_entry {
    int64_t ns; /* CLOCK_MONOTONIC */
    int64_t pid;
};

/* board.py knows this layout. */
struct board {
    int64_t next, done, goal, exec_ns;
    struct board_entry entries[];
};

static inline int64_t board_now_ns(void)
{
    struct timespec now;
    syscall(SYS_clock_gettime, CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000000000 + now.tv_nsec;
}

/* The value of the variable whose name and '=' are `prefix`; NULL where there is none. */
static inline const char *board_variable(char **environment, const char *prefix)
{
    for (; *environment; environment++) {
        size_t same = 0;
        while (prefix[same] && (*environment)[same] == prefix[same])
            same++;
        if (!prefix[same])
            return *environment + same;
    }
    return NULL;
}

/* Reports (ns, own pid). Returns false where there is no board. */
static inline _Bool board_report(char **environment, int64_t ns)
{
    const char *path = board_variable(environment, "BENCH_BOARD=");
    const char *bell = board_variable(environment, "BENCH_BELL=");
    if (!path || !bell)
        return 0;
    long fd = syscall(SYS_openat, AT_FDCWD, path, O_RDWR | O_CLOEXEC, 0);
    long address = syscall(SYS_mmap, 0L, (long)BOARD_BYTES, (long)(PROT_READ | PROT_WRITE),
                           (long)MAP_SHARED, fd, 0L);
    syscall(SYS_close, fd);
    if (address == -1)
        return 0;
    struct board *board = (struct board *)address;
    int64_t own = __atomic_fetch_add(&board->next, 1, __ATOMIC_RELAXED);
    size_t room = (BOARD_BYTES - sizeof *board) / sizeof board->entries[0];
    board->entries[(size_t)own % room] = (struct board_entry){ ns, syscall(SYS_getpid) };
    if (__atomic_add_fetch(&board->done, 1, __ATOMIC_ACQ_REL) >= board->goal) {
        fd = syscall(SYS_openat, AT_FDCWD, bell, O_WRONLY | O_NONBLOCK | O_CLOEXEC, 0);
        syscall(SYS_write, fd, "", 1L);
        syscall(SYS_close, fd);
    }
    syscall(SYS_munmap, address, (long)BOARD_BYTES);
    return 1;
}

#endif
