/* test_journal.c - the ring of changes: order, copies, readers that are too slow, followers. */
#include "journal.h"

#include "identities.h"

#include <errno.h>

TestSuite(journal, .timeout = 60);

static void add(struct journal *journal, int pid)
{
    const struct change change = { .from = ST_STOPPED, .to = ST_STARTED, .pid = pid };
    journal_add(journal, &change);
}

/* Reads one that must be there. Its pid; how many were missed in *missed. */
static int read_pid(struct journal *journal, uint64_t *number, uint64_t *missed)
{
    struct change change;
    cr_assert_eq(journal_read(journal, number, &change, missed), 0);
    int pid = change.pid;
    change_release(&change);
    return pid;
}

static void expect_none(struct journal *journal, uint64_t number)
{
    struct change change;
    uint64_t before = number;
    uint64_t missed = 77;
    cr_expect_eq(journal_read(journal, &number, &change, &missed), -EAGAIN);
    cr_expect_eq(number, before);
    cr_expect_eq(missed, 77);
}

Test(journal, entries_are_read_in_the_order_they_were_added)
{
    struct journal *journal = journal_new();
    uint64_t number = 0;
    uint64_t missed = 77;
    expect_none(journal, 0);
    for (int i = 1; i <= 3; i++)
        add(journal, i);
    for (int i = 1; i <= 3; i++) {
        cr_expect_eq(read_pid(journal, &number, &missed), i);
        cr_expect_eq(missed, 0);
    }
    expect_none(journal, number);
    journal_free(journal);
}

Test(journal, next_is_the_number_of_the_entry_to_come)
{
    struct journal *journal = journal_new();
    uint64_t missed;
    cr_expect_eq(journal_next(journal), 0);
    add(journal, 1);
    uint64_t number = journal_next(journal);
    cr_expect_eq(number, 1);
    expect_none(journal, number);
    add(journal, 2);
    cr_expect_eq(read_pid(journal, &number, &missed), 2);
    journal_free(journal);
}

Test(journal, a_slow_reader_goes_on_with_the_oldest_and_is_told_what_it_missed)
{
    struct journal *journal = journal_new();
    uint64_t number = 0;
    uint64_t missed = 0;
    for (int i = 0; i < JOURNAL_ROOM; i++)
        add(journal, i);
    cr_expect_eq(read_pid(journal, &number, &missed), 0, "all of a full ring can be read");
    cr_expect_eq(missed, 0);
    for (int i = 0; i < 10; i++)
        add(journal, JOURNAL_ROOM + i);
    cr_expect_eq(read_pid(journal, &number, &missed), 10);
    cr_expect_eq(missed, 9);
    cr_expect_eq(number, 11);
    cr_expect_eq(read_pid(journal, &number, &missed), 11);
    cr_expect_eq(missed, 0);
    journal_free(journal);
}

Test(journal, entries_are_copies_that_outlive_what_was_added_and_the_journal)
{
    struct journal *journal = journal_new();
    struct change in = { .id = instance_of("web", "command: x", 1), .detail = strdup("why") };
    struct change out;
    uint64_t number = 0;
    uint64_t missed;
    journal_add(journal, &in);
    change_release(&in);
    cr_assert_eq(journal_read(journal, &number, &out, &missed), 0);
    journal_free(journal);
    cr_expect_str_eq(out.id->name, "web");
    cr_expect_str_eq(out.detail, "why");
    change_release(&out);
    journal_free(NULL);
}

static void count(void *arg)
{
    ++*(int *)arg;
}

Test(journal, each_follower_is_woken_for_each_entry_until_it_unfollows)
{
    struct journal *journal = journal_new();
    int first = 0;
    int second = 0;
    struct follower *a = journal_follow(journal, count, &first);
    struct follower *b = journal_follow(journal, count, &second);
    add(journal, 1);
    journal_unfollow(journal, a);
    add(journal, 2);
    journal_unfollow(journal, b);
    add(journal, 3);
    journal_unfollow(journal, NULL);
    cr_expect_eq(first, 1);
    cr_expect_eq(second, 2);
    journal_free(journal);
}

struct reader {
    struct journal *journal;
    uint64_t number;
    int pid;
};

static void read_one(void *arg)
{
    struct reader *reader = arg;
    uint64_t missed;
    reader->pid = read_pid(reader->journal, &reader->number, &missed);
}

Test(journal, a_hook_finds_the_entry_that_it_is_called_for)
{
    struct journal *journal = journal_new();
    struct reader reader = { .journal = journal };
    struct follower *follower = journal_follow(journal, read_one, &reader);
    add(journal, 42);
    cr_expect_eq(reader.pid, 42);
    journal_unfollow(journal, follower);
    journal_free(journal);
}
