/* inject_calls.c - see inject.h: the functions that stand in for those of the C library. */
#include "inject.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <netdb.h>
#include <poll.h>
#include <pthread.h>
#include <pwd.h>
#include <grp.h>
#include <sched.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/file.h>
#include <sys/inotify.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/pidfd.h>
#include <sys/prctl.h>
#include <sys/random.h>
#include <sys/resource.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

extern int __clone(int (*fn)(void *), void *stack, int flags, void *arg, ...);

/* clang-format off */
/* Calls of syscall(2) are named after what they call. */
#define CALLS(X)                                                                                  \
    X(accept4)                                                                                    \
    X(bind) X(chmod) X(close) X(close_range) X(connect) X(dup2) X(dup3) X(epoll_create1)          \
        X(epoll_ctl) X(epoll_wait) X(eventfd) X(eventfd_read) X(eventfd_write) X(fchmod)          \
            X(fchmodat) X(fchown) X(fcntl) X(fdopen) X(flock) X(fopen) X(fork) X(fstat)           \
                X(ftruncate) X(getaddrinfo) X(getgrnam_r) X(getpeername) X(getpwnam_r)            \
                    X(getrandom) X(getsockname) X(getsockopt) X(inotify_add_watch)                \
                        X(inotify_init1) X(inotify_rm_watch) X(kill) X(lchown) X(listen) X(lseek) \
                            X(lstat) X(mkdir) X(mmap) X(open) X(opendir) X(pidfd_open)            \
                                X(pidfd_send_signal) X(pipe2) X(poll) X(pread)                    \
                                    X(pthread_cond_timedwait) X(pthread_create) X(pwrite) X(read) \
                                        X(readlink) X(realpath) X(recv) X(recvmsg) X(rename)      \
                                            X(rmdir) X(send) X(sendto) X(setrlimit) X(setsid)     \
                                                X(setsockopt) X(signalfd) X(sigtimedwait)         \
                                                    X(socket) X(stat) X(syscall) X(unlink)        \
                                                        X(waitid) X(waitpid) X(write) X(__clone)  \
                                                            X(malloc) X(calloc) X(realloc)

/* The system calls of raw_call.h. */
#define RAW_CALLS(X)                                                                            \
    X(capget)                                                                                   \
    X(chdir) X(close) X(close_range) X(dup3) X(execve) X(fchownat) X(fcntl) X(fstat) X(fstatfs) \
        X(mkdirat) X(openat) X(pidfd_send_signal) X(prctl) X(prlimit64) X(readlinkat)           \
            X(rt_sigaction) X(rt_sigprocmask) X(rt_sigtimedwait) X(setgroups) X(setpriority)    \
                X(setresgid) X(setresuid) X(setsid) X(write)
/* clang-format on */

#define AS_NUMBER(name) C_##name,
#define AS_RAW_NUMBER(name) C_raw_##name,
enum call { CALLS(AS_NUMBER) RAW_CALLS(AS_RAW_NUMBER) C_COUNT };
_Static_assert(C_COUNT <= FAULT_NAMES, "more room for names");

#define AS_NAME(name) #name,
#define AS_RAW_NAME(name) "raw_" #name,
const char *const fault_names[] = { CALLS(AS_NAME) RAW_CALLS(AS_RAW_NAME) NULL };

#define REAL(name) ((__typeof__(&name))fault_real(C_##name))
#define JUDGE(name) fault_judge(C_##name, __builtin_return_address(0))

/* A function that returns `failed` with an errno. */
#define FAILS(type, failed, name, parameters, arguments) \
    type name parameters                                 \
    {                                                    \
        int action = JUDGE(name);                        \
        if (!action)                                     \
            return REAL(name) arguments;                 \
        errno = action;                                  \
        return failed;                                   \
    }
#define CALL(name, parameters, arguments) FAILS(int, -1, name, parameters, arguments)

/* One that returns the error. */
#define RETURNS(name, parameters, arguments)                                         \
    int name parameters                                                              \
    {                                                                                \
        int action = JUDGE(name);                                                    \
        return action == FAULT_NOTHING ? 0 : action ? action : REAL(name) arguments; \
    }

/* One that moves `count` bytes. */
#define MOVES(name, parameters, arguments)      \
    ssize_t name parameters                     \
    {                                           \
        int action = JUDGE(name);               \
        if (action == FAULT_SHORT && count > 1) \
            count /= 2;                         \
        if (!action || action == FAULT_SHORT)   \
            return REAL(name) arguments;        \
        errno = action;                         \
        return -1;                              \
    }

/* ---- descriptors ---- */

MOVES(read, (int fd, void *to, size_t count), (fd, to, count))
MOVES(pread, (int fd, void *to, size_t count, off_t at), (fd, to, count, at))
MOVES(recv, (int fd, void *to, size_t count, int flags), (fd, to, count, flags))
MOVES(write, (int fd, const void *from, size_t count), (fd, from, count))
MOVES(pwrite, (int fd, const void *from, size_t count, off_t at), (fd, from, count, at))
MOVES(send, (int fd, const void *from, size_t count, int flags), (fd, from, count, flags))
MOVES(sendto,
      (int fd, const void *from, size_t count, int flags, __CONST_SOCKADDR_ARG to, socklen_t size),
      (fd, from, count, flags, to, size))
FAILS(ssize_t, -1, recvmsg, (int fd, struct msghdr *message, int flags), (fd, message, flags))

/* Whatever it says, the descriptor is gone. */
int close(int fd)
{
    int action = JUDGE(close);
    int result = REAL(close)(fd);
    if (action)
        errno = action;
    return action ? -1 : result;
}

CALL(close_range, (unsigned from, unsigned to, int flags), (from, to, flags))
CALL(dup2, (int from, int to), (from, to))
CALL(dup3, (int from, int to, int flags), (from, to, flags))
CALL(epoll_create1, (int flags), (flags))
CALL(epoll_ctl, (int epoll, int what, int fd, struct epoll_event *event), (epoll, what, fd, event))
CALL(epoll_wait, (int epoll, struct epoll_event *events, int room, int timeout),
     (epoll, events, room, timeout))
CALL(eventfd, (unsigned value, int flags), (value, flags))
CALL(eventfd_read, (int fd, eventfd_t *value), (fd, value))
CALL(eventfd_write, (int fd, eventfd_t value), (fd, value))
CALL(pipe2, (int fds[2], int flags), (fds, flags))
CALL(poll, (struct pollfd * fds, nfds_t count, int timeout), (fds, count, timeout))
CALL(signalfd, (int fd, const sigset_t *set, int flags), (fd, set, flags))

/* What the rest of its arguments is does not matter: a long is handed on, as the kernel does.
 * Nothing fails of a descriptor that is there, but that there are no more. */
int fcntl(int fd, int what, ...)
{
    va_list list;
    va_start(list, what);
    long argument = va_arg(list, long);
    va_end(list);
    bool makes_one = what == F_DUPFD || what == F_DUPFD_CLOEXEC;
    int action = makes_one ? JUDGE(fcntl) : 0;
    if (!action)
        return REAL(fcntl)(fd, what, argument);
    errno = action;
    return -1;
}

/* ---- files ---- */

int open(const char *path, int flags, ...)
{
    va_list list;
    va_start(list, flags);
    int mode = flags & (O_CREAT | O_TMPFILE) ? va_arg(list, int) : 0;
    va_end(list);
    int action = JUDGE(open);
    if (!action)
        return REAL(open)(path, flags, mode);
    errno = action;
    return -1;
}

CALL(chmod, (const char *path, mode_t mode), (path, mode))
CALL(fchmod, (int fd, mode_t mode), (fd, mode))
CALL(fchmodat, (int fd, const char *path, mode_t mode, int flags), (fd, path, mode, flags))
CALL(fchown, (int fd, uid_t user, gid_t group), (fd, user, group))
CALL(flock, (int fd, int what), (fd, what))
CALL(fstat, (int fd, struct stat *st), (fd, st))
CALL(ftruncate, (int fd, off_t size), (fd, size))
CALL(inotify_add_watch, (int fd, const char *path, uint32_t mask), (fd, path, mask))
CALL(inotify_init1, (int flags), (flags))
CALL(inotify_rm_watch, (int fd, int watch), (fd, watch))
CALL(lchown, (const char *path, uid_t user, gid_t group), (path, user, group))
FAILS(off_t, -1, lseek, (int fd, off_t at, int from), (fd, at, from))
CALL(lstat, (const char *path, struct stat *st), (path, st))
CALL(mkdir, (const char *path, mode_t mode), (path, mode))
FAILS(ssize_t, -1, readlink, (const char *path, char *to, size_t room), (path, to, room))
CALL(rename, (const char *from, const char *to), (from, to))
CALL(rmdir, (const char *path), (path))
CALL(stat, (const char *path, struct stat *st), (path, st))
CALL(unlink, (const char *path), (path))
FAILS(FILE *, NULL, fopen, (const char *path, const char *mode), (path, mode))
FAILS(FILE *, NULL, fdopen, (int fd, const char *mode), (fd, mode))
FAILS(DIR *, NULL, opendir, (const char *path), (path))
FAILS(char *, NULL, realpath, (const char *path, char *to), (path, to))

/* ---- sockets and names ---- */

CALL(accept4, (int fd, __SOCKADDR_ARG from, socklen_t *size, int flags), (fd, from, size, flags))
CALL(bind, (int fd, __CONST_SOCKADDR_ARG to, socklen_t size), (fd, to, size))
CALL(connect, (int fd, __CONST_SOCKADDR_ARG to, socklen_t size), (fd, to, size))
CALL(getpeername, (int fd, __SOCKADDR_ARG name, socklen_t *size), (fd, name, size))
CALL(getsockname, (int fd, __SOCKADDR_ARG name, socklen_t *size), (fd, name, size))
CALL(getsockopt, (int fd, int level, int name, void *value, socklen_t *size),
     (fd, level, name, value, size))
CALL(listen, (int fd, int backlog), (fd, backlog))
CALL(setsockopt, (int fd, int level, int name, const void *value, socklen_t size),
     (fd, level, name, value, size))
CALL(socket, (int family, int type, int protocol), (family, type, protocol))
RETURNS(getaddrinfo,
        (const char *host, const char *port, const struct addrinfo *hints, struct addrinfo **out),
        (host, port, hints, out))
RETURNS(getpwnam_r,
        (const char *name, struct passwd *out, char *to, size_t room, struct passwd **result),
        (name, out, to, room, result))
RETURNS(getgrnam_r,
        (const char *name, struct group *out, char *to, size_t room, struct group **result),
        (name, out, to, room, result))

/* ---- processes, threads, memory ---- */

FAILS(pid_t, -1, fork, (void), ())
FAILS(pid_t, -1, setsid, (void), ())
FAILS(pid_t, -1, waitpid, (pid_t pid, int *status, int flags), (pid, status, flags))
CALL(waitid, (idtype_t type, id_t id, siginfo_t *info, int flags), (type, id, info, flags))
CALL(kill, (pid_t pid, int signo), (pid, signo))
CALL(pidfd_open, (pid_t pid, unsigned flags), (pid, flags))
CALL(pidfd_send_signal, (int fd, int signo, siginfo_t *info, unsigned flags),
     (fd, signo, info, flags))
CALL(setrlimit, (__rlimit_resource_t resource, const struct rlimit *limit), (resource, limit))
CALL(sigtimedwait, (const sigset_t *set, siginfo_t *info, const struct timespec *left),
     (set, info, left))
FAILS(ssize_t, -1, getrandom, (void *to, size_t room, unsigned flags), (to, room, flags))
FAILS(void *, MAP_FAILED, mmap,
      (void *at, size_t bytes, int protection, int flags, int fd, off_t from),
      (at, bytes, protection, flags, fd, from))
RETURNS(pthread_create,
        (pthread_t * thread, const pthread_attr_t *attributes, void *(*run)(void *), void *arg),
        (thread, attributes, run, arg))
RETURNS(pthread_cond_timedwait,
        (pthread_cond_t * condition, pthread_mutex_t *mutex, const struct timespec *until),
        (condition, mutex, until))

/* As spawn.c calls it. */
int __clone(int (*fn)(void *), void *stack, int flags, void *arg, ...)
{
    va_list list;
    va_start(list, arg);
    int *pidfd = va_arg(list, int *);
    va_end(list);
    int action = JUDGE(__clone);
    if (!action)
        return REAL(__clone)(fn, stack, flags, arg, pidfd, NULL, NULL);
    errno = action;
    return -1;
}

static int raw_number(long number)
{
    switch (number) {
#define AS_CASE(name) \
    case SYS_##name: return C_raw_##name;
        RAW_CALLS(AS_CASE)
    default: return C_syscall;
    }
}

long syscall(long number, ...)
{
    long a[6];
    va_list list;
    va_start(list, number);
    for (int i = 0; i < 6; i++)
        a[i] = va_arg(list, long);
    va_end(list);
    bool harmless = number == SYS_fcntl && a[1] != F_DUPFD && a[1] != F_DUPFD_CLOEXEC;
    int action = harmless ? 0 : fault_judge(raw_number(number), __builtin_return_address(0));
    if (!action)
        return REAL(syscall)(number, a[0], a[1], a[2], a[3], a[4], a[5]);
    errno = action;
    return -1;
}

/* ---- allocations ---- */

/* dlsym(3) allocates, and is what finds the real ones. */
static _Thread_local int finding;

FAILS(void *, NULL, malloc, (size_t bytes), (bytes))
FAILS(void *, NULL, realloc, (void *memory, size_t bytes), (memory, bytes))

void *calloc(size_t count, size_t bytes)
{
    static _Alignas(16) char early[4096];
    static size_t used;
    if (finding) {
        size_t at = used;
        used += (count * bytes + 15) / 16 * 16;
        return used <= sizeof early ? early + at : NULL;
    }
    finding++;
    void *(*real)(size_t, size_t) = REAL(calloc);
    finding--;
    int action = JUDGE(calloc);
    if (!action)
        return real(count, bytes);
    errno = action;
    return NULL;
}
