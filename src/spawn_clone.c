/* spawn_clone.c - see spawn_clone.h. */
#include "spawn_clone.h"

#include <errno.h>
#include <linux/sched.h>
#include <signal.h>
#include <sys/syscall.h>

#include "raw_call.h"

#if SPAWN_CLONE_KNOWN

/* clone3(2) as an instruction: the child comes out of it on a stack without frames, and cannot
 * return from a function. It calls run(arg) instead. */
UNWATCHED static long clone3(struct clone_args *args, int (*run)(void *), void *arg)
{
#if defined(__x86_64__)
    long result = SYS_clone3;
    __asm__ volatile("syscall\n\t"
                     "test %%rax, %%rax\n\t"
                     "jnz 1f\n\t"
                     "xor %%ebp, %%ebp\n\t"
                     "mov %[arg], %%rdi\n\t"
                     "call *%[run]\n\t"
                     "hlt\n"
                     "1:"
                     : "+a"(result)
                     : "D"(args), "S"(sizeof *args), [run] "r"(run), [arg] "r"(arg)
                     : "rcx", "r11", "memory", "cc");
    return result;
#else
    register long number __asm__("x8") = SYS_clone3;
    register long result __asm__("x0") = (long)args;
    register long size __asm__("x1") = sizeof *args;
    __asm__ volatile("svc #0\n\t"
                     "cbnz x0, 1f\n\t"
                     "mov x29, xzr\n\t"
                     "mov x0, %[arg]\n\t"
                     "blr %[run]\n\t"
                     "brk #0\n"
                     "1:"
                     : "+r"(result)
                     : "r"(number), "r"(size), [run] "r"(run), [arg] "r"(arg)
                     : "x30", "memory", "cc");
    return result;
#endif
}

pid_t spawn_clone_into(int cgroup_fd, uint64_t flags, void *stack, size_t stack_bytes,
                       int (*run)(void *), void *arg,
                       int *pidfd) /* NOLINT(readability-non-const-parameter): the kernel's */
{
    struct clone_args args = {
        .flags = (unsigned long long)flags | CLONE_INTO_CGROUP,
        .pidfd = (uintptr_t)pidfd,
        .exit_signal = SIGCHLD,
        .stack = (uintptr_t)stack,
        .stack_size = stack_bytes,
        .cgroup = (unsigned long long)cgroup_fd,
    };
    return (pid_t)clone3(&args, run, arg);
}

#else

pid_t spawn_clone_into(int cgroup_fd, uint64_t flags, void *stack, size_t stack_bytes,
                       int (*run)(void *), void *arg, int *pidfd)
{
    (void)cgroup_fd, (void)flags, (void)stack, (void)stack_bytes;
    (void)run, (void)arg, (void)pidfd;
    return -ENOSYS;
}

#endif
