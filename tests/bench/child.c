/* child.c - what the bench has supervised: takes the time as its first act, reports it on the board
 * (board.h), says on descriptor 3 that it is ready where BENCH_READY is set (s6 wants to know), and
 * waits for a signal to kill it. It begins at _start and not in main(), so that neither a dynamic
 * linker nor the start of the C library is in the figures. */
#include "board.h"

void child_main(char **stack) __attribute__((noreturn));

/* At the start of a process the stack holds argc, argv, NULL, the environment, NULL. */
#if defined(__x86_64__)
__asm__(".globl _start\n_start:\n    mov %rsp, %rdi\n    and $-16, %rsp\n    call child_main\n");
#elif defined(__aarch64__)
__asm__(".globl _start\n_start:\n    mov x0, sp\n    b child_main\n");
#else
#error "child.c: how does a process start on this machine?"
#endif

void child_main(char **stack)
{
    int64_t ns = board_now_ns();
    long arguments = *(long *)stack;
    if (!board_report(stack + arguments + 2, ns))
        syscall(SYS_exit_group, 1L);
    if (board_variable(stack + arguments + 2, "BENCH_READY="))
        syscall(SYS_write, 3L, "\n", 1L);
    for (;;)
        syscall(SYS_ppoll, 0L, 0L, 0L, 0L, 0L);
}
