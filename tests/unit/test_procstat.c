/* test_procstat.c - what /proc says about processes that are there, and about others. */
#include "procstat.h"

#include <criterion/criterion.h>
#include <errno.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <time.h>
#include <unistd.h>

TestSuite(procstat, .timeout = 60);

Test(procstat, memory_that_is_touched_is_counted)
{
    const size_t bytes = (size_t)32 << 20;
    struct procstat before;
    struct procstat after;
    cr_assert_eq(procstat_read(getpid(), &before), 0);
    void *memory = mmap(NULL, bytes, PROT_READ | PROT_WRITE,
                        MAP_PRIVATE | MAP_ANONYMOUS | MAP_POPULATE, -1, 0);
    cr_assert_neq(memory, MAP_FAILED);
    cr_assert_eq(procstat_read(getpid(), &after), 0);
    cr_expect_gt(before.rss_bytes, 0);
    cr_expect_gt(after.rss_bytes, before.rss_bytes + (int64_t)bytes / 2);
    munmap(memory, bytes);
}

Test(procstat, cpu_time_that_is_used_is_counted)
{
    struct procstat stat;
    const clock_t until = clock() + CLOCKS_PER_SEC / 4;
    while (clock() < until)
        continue;
    cr_assert_eq(procstat_read(getpid(), &stat), 0);
    cr_expect_gt(stat.cpu_percent, 0);
    cr_expect_lt(stat.cpu_percent, 100.0 * (double)sysconf(_SC_NPROCESSORS_ONLN) + 100);
}

Test(procstat, a_name_with_parentheses_and_blanks_confuses_nothing)
{
    struct procstat stat;
    cr_assert_eq(prctl(PR_SET_NAME, ") R 1 (x y"), 0);
    cr_assert_eq(procstat_read(getpid(), &stat), 0);
    cr_expect_gt(stat.rss_bytes, 0);
}

Test(procstat, a_process_that_is_not_there_is_esrch)
{
    struct procstat stat = { .rss_bytes = 77 };
    cr_expect_eq(procstat_read(0x7ffffff0, &stat), -ESRCH);
    cr_expect_eq(procstat_read(0, &stat), -ESRCH);
    cr_expect_eq(procstat_read(-1, &stat), -ESRCH);
    cr_expect_eq(stat.rss_bytes, 77, "untouched on failure");
}
