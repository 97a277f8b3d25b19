/* program.c - see program.h. */
#include "program.h"

#include <errno.h>
#include <fcntl.h>
#include <locale.h>
#include <malloc.h>
#include <pthread.h>
#include <signal.h>
#include <sys/signalfd.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include "clock.h"
#include "shell.h"

/* Each arena costs pages; thousands of threads that allocate little need no more. */
#define MALLOC_ARENAS 2

static const int crashes[] = { SIGSEGV, SIGBUS, SIGABRT, SIGFPE, SIGILL };
#define CRASH_COUNT (sizeof crashes / sizeof crashes[0])

/* What main reads; every other signal stays blocked and has no effect, but for SIGCHLD. */
static const int handled[] = {
    SIGHUP, SIGINT, SIGQUIT, SIGTERM, SIGUSR1, SIGCONT, SIGWINCH, SIGTSTP
};

static void set_disposition(int signo, void (*handler)(int))
{
    struct sigaction action = { .sa_handler = handler };
    sigaction(signo, &action, NULL); /* fails for SIGKILL and the like, rightly */
}

/* A sanitizer reports crashes itself. */
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define CRASHES_ARE_OURS false
#else
#define CRASHES_ARE_OURS true
#endif

static void on_crash(int signo)
{
    shell_restore_terminal();
    set_disposition(signo, SIG_DFL);
    raise(signo);
}

/* That it came is all: see program_wait(). */
static void on_child(int signo)
{
    (void)signo;
}

static bool is_crash(int signo)
{
    for (size_t i = 0; i < CRASH_COUNT; i++)
        if (crashes[i] == signo)
            return true;
    return false;
}

/* Two realtime signals are the C library's own, and hidden from sigaction(2). Ignored by who
 * started us, they would be so in every child too. */
static void restore_hidden(int signo)
{
    struct {
        void (*handler)(int);
        unsigned long rest[4]; /* flags and mask, in whatever order */
    } before, none = { .handler = SIG_DFL };
    const size_t mask_bytes = 8;
    if (syscall(SYS_rt_sigaction, signo, NULL, &before, mask_bytes) == 0 &&
        before.handler == SIG_IGN)
        syscall(SYS_rt_sigaction, signo, &none, NULL, mask_bytes);
}

static void set_dispositions(void)
{
    for (int signo = __SIGRTMIN; signo < SIGRTMIN; signo++)
        restore_hidden(signo);
    for (int signo = 1; signo < NSIG; signo++) {
        if (!is_crash(signo))
            set_disposition(signo, SIG_DFL);
        else if (CRASHES_ARE_OURS)
            set_disposition(signo, on_crash);
    }
    set_disposition(SIGCHLD, on_child);
}

/* A blocked signal that the processor raises ends the program without a handler. */
static int block_signals(int *out_signal_fd)
{
    sigset_t set;
    sigfillset(&set);
    for (size_t i = 0; i < CRASH_COUNT; i++)
        sigdelset(&set, crashes[i]);
    sigprocmask(SIG_SETMASK, &set, NULL);
    sigemptyset(&set);
    for (size_t i = 0; i < sizeof handled / sizeof handled[0]; i++)
        sigaddset(&set, handled[i]);
    int fd = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
    if (fd < 0)
        return -errno;
    *out_signal_fd = fd;
    return 0;
}

/* For every SIGCHLD the kernel looks for a thread that does not block it: first at the parent of
 * who has exited, a monitor, then at the one found last, then at all others (complete_signal() in
 * Linux' kernel/signal.c). Thousands of monitors block it. So main does not while it waits, and is
 * the one found last. */
int program_wait(struct pollfd *fds, size_t count, int64_t deadline_ms)
{
    sigset_t mask;
    int64_t left_ms = deadline_ms == INT64_MAX ? 0 : deadline_ms - clock_ms();
    left_ms = left_ms < 0 ? 0 : left_ms;
    struct timespec left = { .tv_sec = left_ms / 1000, .tv_nsec = left_ms % 1000 * 1000000 };
    pthread_sigmask(SIG_BLOCK, NULL, &mask);
    sigdelset(&mask, SIGCHLD);
    if (ppoll(fds, count, deadline_ms == INT64_MAX ? NULL : &left, &mask) >= 0)
        return 0;
    int error = -errno;
    for (size_t i = 0; i < count; i++)
        fds[i].revents = 0;
    return error;
}

static bool is_dev_null(int fd)
{
    struct stat st;
    return fstat(fd, &st) == 0 && S_ISCHR(st.st_mode) && st.st_rdev == makedev(1, 3);
}

int program_open_descriptors(void)
{
    int fd;
    do {
        fd = open("/dev/null", O_RDWR); /* becomes the lowest that is closed */
        if (fd < 0)
            return -errno;
    } while (fd <= STDERR_FILENO);
    close(fd);
    return 0;
}

int program_init(struct program *out)
{
    struct program p = { .stdin_closed = fcntl(STDIN_FILENO, F_GETFD) < 0 };
    int error = program_open_descriptors();
    if (error)
        return error;
    p.stdin_closed = p.stdin_closed || is_dev_null(STDIN_FILENO);
    p.stdin_terminal = isatty(STDIN_FILENO);
    set_dispositions();
    error = block_signals(&p.signal_fd);
    if (error)
        return error;
    getrlimit(RLIMIT_NOFILE, &p.nofile);
    struct rlimit raised = { p.nofile.rlim_max, p.nofile.rlim_max };
    setrlimit(RLIMIT_NOFILE, &raised);
    setlocale(LC_CTYPE, ""); /* for readline; later it would race with other threads */
    mallopt(M_ARENA_MAX, MALLOC_ARENAS);
    *out = p;
    return 0;
}
