/* test_signame.c - signal names and numbers. */
#include "signame.h"

#include <criterion/criterion.h>
#include <errno.h>
#include <signal.h>

Test(signame, reads_names_with_and_without_sig_in_any_case)
{
    cr_expect_eq(signame_parse("SIGTERM"), SIGTERM);
    cr_expect_eq(signame_parse("TERM"), SIGTERM);
    cr_expect_eq(signame_parse("sigterm"), SIGTERM);
    cr_expect_eq(signame_parse("usr1"), SIGUSR1);
    cr_expect_eq(signame_parse("CLD"), SIGCHLD);
    cr_expect_eq(signame_parse("SIGIOT"), SIGABRT);
}

Test(signame, reads_numbers)
{
    cr_expect_eq(signame_parse("15"), SIGTERM);
    cr_expect_eq(signame_parse("1"), SIGHUP);
    cr_expect_eq(signame_parse("64"), 64);
    cr_expect_eq(signame_parse("09"), 9);
}

Test(signame, reads_realtime_names)
{
    cr_expect_eq(signame_parse("RTMIN"), SIGRTMIN);
    cr_expect_eq(signame_parse("SIGRTMIN+3"), SIGRTMIN + 3);
    cr_expect_eq(signame_parse("rtmax-1"), SIGRTMAX - 1);
    cr_expect_eq(signame_parse("RTMIN+30"), SIGRTMAX);
}

Test(signame, refuses_what_is_no_signal)
{
    const char *const wrong[] = { "",           "SIG",      "FOO",     "0",
                                  "65",         "-1",       "15x",     "1 5",
                                  "TERM ",      "RTMIN+31", "RTMIN-1", "RTMAX+1",
                                  "RTMIN+",     "RTMIN+ 1", "RTMINX",  "999999999999",
                                  "SIGSIGTERM", "SIG-1",    "15.0" };
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++)
        cr_expect_eq(signame_parse(wrong[i]), -EINVAL, "'%s'", wrong[i]);
}

Test(signame, every_name_reads_back)
{
    for (int i = 1; i <= 64; i++)
        cr_expect_eq(signame_parse(signame(i)), i, "%s", signame(i));
    cr_expect_str_eq(signame(9), "SIGKILL");
    cr_expect_str_eq(signame(SIGRTMIN + 1), "SIGRTMIN+1");
    cr_expect_str_eq(signame(0), "SIG?");
    cr_expect_str_eq(signame(65), "SIG?");
    cr_expect_str_eq(signame(-1), "SIG?");
}
