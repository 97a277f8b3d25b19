/* test_config_files.c - configurations made of files: includes, and what cannot be read. */
#include <criterion/criterion.h>
#include <errno.h>
#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "config.h"
#include "config_fixture.h"

/* Each test runs in a process, and so in a directory, of its own. */
static char directory[] = "/tmp/test_config_files.XXXXXX";

static void set_up(void)
{
    cr_assert_not_null(mkdtemp(directory));
    cr_assert_eq(chdir(directory), 0);
}

static int remove_one(const char *path, const struct stat *st, int type, struct FTW *ftw)
{
    (void)st, (void)type, (void)ftw;
    return remove(path);
}

static void tear_down(void)
{
    cr_expect_eq(chdir("/"), 0);
    nftw(directory, remove_one, 8, FTW_DEPTH | FTW_PHYS);
}

TestSuite(config_files, .init = set_up, .fini = tear_down);

static void put(const char *path, const char *text)
{
    FILE *file = fopen(path, "w");
    cr_assert_not_null(file, "%s", path);
    fputs(text, file);
    fclose(file);
}

static struct config *load_good(const char *path)
{
    struct config *config = NULL;
    char *errors = NULL;
    int result = config_load(path, fixture_environment, &config, &errors);
    cr_assert_eq(result, 0, "%s", errors);
    return config;
}

static void load_bad(const char *path, int expected, const char *expected_errors)
{
    struct config *config = NULL;
    char *errors = NULL;
    int result = config_load(path, fixture_environment, &config, &errors);
    cr_expect_eq(result, expected, "%d", result);
    cr_expect_str_eq(errors, expected_errors);
    free(errors);
}

Test(config_files, a_file_is_loaded)
{
    put("a.yaml", "tasks: {a: {command: x}}\n");
    struct config *config = load_good("a.yaml");
    cr_expect_str_eq(config->path, "a.yaml");
    cr_expect_eq(config->task_count, 1);
    config_free(config);
}

Test(config_files, includes_are_relative_sorted_and_share_defaults)
{
    mkdir("etc", 0755);
    mkdir("etc/d", 0755);
    put("etc/a.yaml", "include: [d/*.yaml, x.yaml, 'none*.yaml']\n"
                      "defaults: {umask: 0}\ntasks: {a: {command: x}}\n");
    put("etc/d/2.yaml", "tasks: {two: {command: x}}\nx-note: 1\n");
    put("etc/d/1.yaml", "tasks: {one: {command: x}}\n");
    put("etc/d/3.yaml", "# nothing\n");
    put("etc/d/4.yaml", "tasks:\n");
    put("etc/x.yaml", "tasks: {x: {command: x}}\n");
    struct config *config = load_good("etc/a.yaml");
    cr_assert_eq(config->task_count, 4);
    static const char *const names[] = { "a", "one", "two", "x" };
    for (size_t i = 0; i < 4; i++)
        cr_expect_str_eq(config->tasks[i]->name, names[i]);
    cr_expect_str_eq(config->tasks[1]->file, "etc/d/1.yaml");
    cr_expect_eq(config->tasks[3]->umask, 0);
    config_free(config);
}

Test(config_files, a_file_is_included_once_and_never_by_itself)
{
    put("a.yaml", "include: ['*.yaml', b.yaml, './b.yaml']\ntasks: {a: {command: x}}\n");
    put("b.yaml", "tasks: {b: {command: x}}\n");
    struct config *config = load_good("a.yaml");
    cr_expect_eq(config->task_count, 2);
    config_free(config);
}

Test(config_files, errors_of_all_files_come_in_one_go_in_file_order)
{
    put("a.yaml", "include: [b.yaml, c.yaml, nope.yaml, d.yaml]\ntasks: {a: {}}\n"
                  "nope: 1\n");
    put("b.yaml", "tasks: {b: {command: x, umask: 9}, a: {command: x}}\ndefaults: {}\n");
    put("c.yaml", "tasks: {\n");
    put("d.yaml", "include: b.yaml\n");
    load_bad("a.yaml", -EINVAL,
             "a.yaml:1:27: cannot read 'nope.yaml': No such file or directory\n"
             "a.yaml:2:9: task 'a' has no 'command'\n"
             "a.yaml:3:1: unknown key 'nope'\n"
             "b.yaml:1:32: 'umask' must be an octal number from 0 to 777, not '9'\n"
             "b.yaml:1:36: duplicate task 'a', first at a.yaml:2:9\n"
             "b.yaml:2:1: unknown key 'defaults': an included file holds only 'tasks'\n"
             "c.yaml:2:1: bad YAML: did not find expected node content while parsing a flow "
             "node\n"
             "d.yaml:1:1: unknown key 'include': an included file holds only 'tasks'\n");
}

Test(config_files, includes_must_be_texts_with_files_behind_them)
{
    mkdir("dir", 0755);
    cr_assert_eq(mkfifo("fifo", 0600), 0);
    put("a.yaml", "tasks: {}\ninclude: [dir, fifo, '', [x], '${NOPE}', /dev/null]\n");
    load_bad("a.yaml", -EINVAL,
             "a.yaml:2:11: cannot read 'dir': Is a directory\n"
             "a.yaml:2:16: cannot read 'fifo': not a regular file\n"
             "a.yaml:2:22: 'include' must be a path, a pattern, or a list of them, not ''\n"
             "a.yaml:2:26: 'include' must be a path, a pattern, or a list of them, not a list\n"
             "a.yaml:2:31: 'include': '${NOPE}' is not set: set it, or give a default: "
             "'${NOPE:-TEXT}'\n"
             "a.yaml:2:42: cannot read '/dev/null': not a regular file\n");
}

Test(config_files, what_cannot_be_read_says_so)
{
    load_bad("nope.yaml", -ENOENT,
             "nope.yaml:1:1: cannot read 'nope.yaml': No such file or directory\n");
    load_bad(".", -EISDIR, ".:1:1: cannot read '.': Is a directory\n");
    load_bad("/dev/null", -EINVAL, "/dev/null:1:1: it is empty: write at least 'tasks: {}'\n");
}

Test(config_files, an_unreadable_file_says_so)
{
    put("a.yaml", "tasks: {}\n");
    cr_assert_eq(chmod("a.yaml", 0), 0);
    cr_assert_eq(chmod(".", 0755), 0);
    uid_t before = geteuid();
    if (before == 0 && seteuid(65534) != 0)
        return; /* root reads everything, and cannot be another here */
    load_bad("a.yaml", -EACCES, "a.yaml:1:1: cannot read 'a.yaml': Permission denied\n");
    cr_expect_eq(seteuid(before), 0);
}

Test(config_files, a_large_file_is_refused)
{
    put("a.yaml", "tasks: {}\n");
    cr_assert_eq(truncate("a.yaml", 50 * 1024 * 1024), 0);
    load_bad("a.yaml", -EFBIG, "a.yaml:1:1: cannot read 'a.yaml': larger than 8 MiB\n");
    load_bad("/dev/zero", -EFBIG, "/dev/zero:1:1: cannot read '/dev/zero': larger than 8 MiB\n");
}

Test(config_files, a_pipe_is_read_to_its_end)
{
    int ends[2];
    cr_assert_eq(pipe(ends), 0);
    static const char text[] = "tasks: {a: {command: x}}\n";
    cr_assert_eq(write(ends[1], text, sizeof text - 1), (ssize_t)sizeof text - 1);
    close(ends[1]);
    char path[64];
    snprintf(path, sizeof path, "/dev/fd/%d", ends[0]);
    struct config *config = load_good(path);
    cr_expect_eq(config->task_count, 1);
    config_free(config);
}

Test(config_files, a_fifo_without_a_writer_does_not_hold_us_up)
{
    cr_assert_eq(mkfifo("fifo", 0600), 0);
    load_bad("fifo", -EINVAL, "fifo:1:1: it is empty: write at least 'tasks: {}'\n");
}
