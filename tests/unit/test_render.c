/* test_render.c - the table of `status`, and the lines of outcomes and changes. */
#include "render_fixture.h"

#include <locale.h>
#include <signal.h>
#include <unistd.h>

TestSuite(render, .timeout = 60);

static const struct render_style plain = { .width = 0 };

Test(render, the_table_shows_what_runs_and_dashes_for_what_does_not)
{
    struct snapshot items[] = { running("nginx", "command: nginx -g 'daemon off;'", 1240, 135000),
                                stopped("worker", "command: sleep 5, instances: 3", 2) };
    items[1].state = ST_BACKOFF;
    items[1].restarts = 12;
    items[1].up_ms = 1;
    expect_text(table_of(items, 2, plain),
                "Task      Status   PID   Uptime  Restarts  Command\n"
                "nginx     RUNNING  1240  2m15s   0         nginx -g 'daemon off;'\n"
                "worker_2  BACKOFF  -     -       12        sleep 5\n");
}

Test(render, the_table_says_what_a_waiting_one_waits_for)
{
    struct snapshot items[] = { stopped("web", "command: sleep 5", 1),
                                stopped("db", "command: x", 1) };
    items[0].state = ST_WAITING;
    items[0].why = (struct reason){ .why = WHY_NEEDS };
    items[0].detail = strdup("waits for 'db' to be RUNNING");
    expect_text(table_of(items, 2, plain),
                "Task  Status   PID  Uptime  Restarts  Command\n"
                "web   WAITING  -    -       0         sleep 5  (waits for 'db' to be RUNNING)\n"
                "db    STOPPED  -    -       0         x\n");
}

Test(render, the_table_of_nothing_is_its_titles)
{
    expect_text(table_of(NULL, 0, plain), "Task  Status  PID  Uptime  Restarts  Command\n");
    expect_text(table_of(NULL, 0, (struct render_style){ .detail = true }),
                "Task  Status  PID  Uptime  Restarts  Last exit  CPU %  Memory  Command\n");
}

Test(render, the_table_in_detail_adds_last_exit_cpu_and_memory)
{
    struct snapshot items[] = { running("a", "command: x", getpid(), 135000),
                                stopped("b", "command: y", 1) };
    items[0].exit = (struct fsm_exit){ .known = true, .signal = SIGKILL };
    items[1].exit = (struct fsm_exit){ .known = true, .code = 3 };
    char *text = table_of(items, 2, (struct render_style){ .detail = true });
    expect_part(text, "Restarts  Last exit  CPU %  Memory");
    expect_part(text, "SIGKILL ");
    expect_part(text, "exit 3     -      -");
    expect_part(text, "MB");
    free(text);
}

Test(render, states_have_their_colours_only_where_colour_is_asked_for)
{
    static const char *const expected[ST_COUNT] = {
        [ST_STOPPED] = "\033[35mSTOPPED", [ST_WAITING] = "\033[33mWAITING",
        [ST_STARTED] = "\033[33mSTARTED", [ST_RUNNING] = "\033[32mRUNNING",
        [ST_BACKOFF] = "\033[33mBACKOFF", [ST_STOPPING] = "\033[33mSTOPPING",
        [ST_FATAL] = "\033[31mFATAL",
    };
    for (int colour = 0; colour < 2; colour++) {
        struct snapshot items[ST_COUNT];
        for (int i = 0; i < ST_COUNT; i++) {
            items[i] = stopped("t", "command: x", 1);
            items[i].state = (enum state)i;
        }
        char *text = table_of(items, ST_COUNT, (struct render_style){ .colour = colour });
        for (int i = 0; i < ST_COUNT && colour; i++)
            expect_part(text, expected[i]);
        cr_expect_eq(strchr(text, '\033') != NULL, colour == 1);
        free(text);
    }
}

static char *one_row(const char *keys, struct render_style style)
{
    struct snapshot items[] = { stopped("t", keys, 1) };
    return table_of(items, 1, style);
}

Test(render, no_line_is_longer_than_the_terminal_is_wide)
{
    for (int width = 1; width < 70; width++) {
        char *text = one_row("command: sleep 1234567890", (struct render_style){ .width = width });
        char *rest = text;
        for (char *line = strsep(&rest, "\n"); line; line = strsep(&rest, "\n"))
            cr_expect_leq(strlen(line), (size_t)width);
        free(text);
    }
    expect_text(one_row("command: sleep 1234567890", (struct render_style){ .width = 49 }),
                "Task  Status   PID  Uptime  Restarts  Command\n"
                "t     STOPPED  -    -       0         sleep 12345\n");
}

Test(render, a_line_that_is_cut_in_a_colour_ends_it)
{
    expect_text(one_row("command: x", (struct render_style){ .width = 9, .colour = true }),
                "Task  Sta\n"
                "t     \033[35mSTO\033[0m\n");
}

Test(render, characters_that_are_wide_are_counted_as_such)
{
    cr_assert_not_null(setlocale(LC_CTYPE, "C.UTF-8"));
    expect_text(one_row("command: \u65e5\u672c\u8a9e", (struct render_style){ .width = 42 }),
                "Task  Status   PID  Uptime  Restarts  Comm\n"
                "t     STOPPED  -    -       0         \u65e5\u672c\n");
}

/* In the C locale there is no width for what is above 127. */
Test(render, foreign_bytes_in_a_command_break_nothing_in_any_locale)
{
    for (int width = 0; width < 100; width += 99) {
        char *text = one_row("command: \"caf\\u00e9 \\e[31m \\n end\"",
                             (struct render_style){ .width = width });
        expect_part(text, "caf\u00e9 \\x1b[31m \\n end\n");
        free(text);
    }
}

Test(render, ten_thousand_rows_are_quick)
{
    enum { ROWS = 10000 };
    struct snapshot one = running("worker", "command: sh -c 'while true; do x; done'", 1234, 5000);
    struct snapshot *items = calloc(ROWS, sizeof *items);
    for (int i = 0; i < ROWS; i++) {
        items[i] = one;
        identity_ref(one.id);
    }
    int64_t began_ms = clock_ms();
    char *text = table_of(items, ROWS, (struct render_style){ .width = 80, .colour = true });
    cr_log_info("10,000 rows: %lld ms", (long long)(clock_ms() - began_ms));
    cr_expect_lt(clock_ms() - began_ms, 5000);
    free(text);
    free(items);
    snapshot_release(&one);
}

/* ---- outcomes ---- */

static void expect_outcome(struct answer answer, const char *expected)
{
    char *text = NULL;
    FILE *out = text_stream(&text);
    answer.id = instance_of("nginx", "command: x", 1);
    render_outcome_lines(out, &answer);
    fclose(out);
    answer.text = NULL; /* the tests' own */
    answer_release(&answer);
    expect_text(text, expected);
}

#define OUTCOME(...) ((struct answer){ .kind = ANSWER_OUTCOME, __VA_ARGS__ })

Test(outcome, what_was_done_is_said_in_the_exact_words)
{
    expect_outcome(OUTCOME(.outcome = OUT_STARTED, .pid = 1240),
                   "Process 'nginx' started with PID 1240\n");
    expect_outcome(OUTCOME(.outcome = OUT_RESTARTED, .pid = 1241),
                   "Process 'nginx' restarted with PID 1241\n");
    expect_outcome(OUTCOME(.outcome = OUT_STOPPED), "Process 'nginx' stopped gracefully\n");
    expect_outcome(OUTCOME(.outcome = OUT_KILLED, .ms = 10000, .count = 1),
                   "Process 'nginx' did not stop in 10s, killed\n");
    expect_outcome(OUTCOME(.outcome = OUT_KILLED, .ms = 10000, .count = 3),
                   "Process 'nginx' did not stop in 10s, killed (3 processes)\n");
    expect_outcome(OUTCOME(.outcome = OUT_KILLED, .ms = 1500),
                   "Process 'nginx' did not stop in 1.5s, killed\n");
    expect_outcome(OUTCOME(.outcome = OUT_RESTARTED, .pid = 7, .ms = 500),
                   "Process 'nginx' did not stop in 500ms, killed\n"
                   "Process 'nginx' restarted with PID 7\n");
    expect_outcome(OUTCOME(.outcome = OUT_SIGNALED, .count = SIGHUP),
                   "Sent SIGHUP to process 'nginx'\n");
}

Test(outcome, what_was_not_done_is_said_in_the_exact_words)
{
    expect_outcome(OUTCOME(.outcome = OUT_ALREADY_RUNNING), "Process 'nginx' is already running\n");
    expect_outcome(OUTCOME(.outcome = OUT_NOT_RUNNING), "Process 'nginx' is not running\n");
    expect_outcome(
        OUTCOME(.outcome = OUT_FAILED, .text = (char *)"exec /no/such: No such file or directory"),
        "Process 'nginx' failed to start: exec /no/such: No such file or directory\n");
    expect_outcome(OUTCOME(.outcome = OUT_OVERTAKEN, .text = (char *)"start overtaken by stop"),
                   "Process 'nginx': start overtaken by stop\n");
    expect_outcome(OUTCOME(.outcome = OUT_SHUTTING_DOWN), "Process 'nginx': shutting down\n");
    expect_outcome(OUTCOME(.outcome = OUT_BUSY), "Process 'nginx': busy, try again\n");
    expect_outcome(OUTCOME(.outcome = OUT_NOTHING), "");
}

Test(outcome, foreign_bytes_in_a_path_do_not_reach_the_terminal)
{
    expect_outcome(OUTCOME(.outcome = OUT_FAILED, .text = (char *)"exec /\033[2J\n\xff: no"),
                   "Process 'nginx' failed to start: exec /\\x1b[2J\\n\ufffd: no\n");
}
