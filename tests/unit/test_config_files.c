/* test_config_files.c - configurations made of files: includes, and what cannot be read. */
#include <criterion/criterion.h>
#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
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

/* ---- what root takes from others ---- */

#define OTHERS 12345 /* a user that is not root */

static void as_root_only(void)
{
    if (geteuid() != 0)
        cr_skip_test("what root does");
    cr_assert_eq(chmod(".", 0755), 0);
    cr_assert_eq(mkdir("in", 0755), 0);
    put("in/a.yaml", "tasks: {a: {command: x}}\n");
}

Test(config_files, root_refuses_a_file_that_everyone_can_write)
{
    as_root_only();
    cr_assert_eq(chmod("in/a.yaml", 0646), 0);
    load_bad("in/a.yaml", -EPERM,
             "in/a.yaml:1:1: refused as root: everyone can write 'in/a.yaml' (mode 0646): "
             "chmod o-w 'in/a.yaml'\n");
    put("b.yaml", "tasks: {}\ninclude: ['in/*']\n");
    load_bad("b.yaml", -EINVAL,
             "b.yaml:2:11: refused as root: everyone can write 'in/a.yaml' (mode 0646): "
             "chmod o-w 'in/a.yaml'\n");
    cr_assert_eq(chmod("in/a.yaml", 0664), 0); /* whom root lets into its group is its decision */
    config_free(load_good("b.yaml"));
}

/* The directory itself, one above it, and one on the way of a link. */
Test(config_files, root_refuses_a_file_that_everyone_can_replace)
{
    char errors[2 * PATH_MAX], real[PATH_MAX];
    static const char *const paths[] = { "in/a.yaml", "in/deep/a.yaml", "way/link.yaml" };
    as_root_only();
    cr_assert_not_null(realpath("in", real));
    cr_assert_eq(mkdir("in/deep", 0755), 0);
    put("in/deep/a.yaml", "tasks: {}\n");
    cr_assert_eq(mkdir("way", 0755), 0);
    cr_assert_eq(symlink("../in/a.yaml", "way/link.yaml"), 0);
    cr_assert_eq(chmod("in", 0777), 0);
    for (size_t i = 0; i < sizeof paths / sizeof paths[0]; i++) {
        snprintf(errors, sizeof errors,
                 "%s:1:1: refused as root: everyone can replace '%s', for the directory above it "
                 "has mode 0777: chmod o-w '%s'\n",
                 paths[i], paths[i], real);
        load_bad(paths[i], -EPERM, errors);
    }
    cr_assert_eq(chmod("in", 01777), 0);
    for (size_t i = 0; i < sizeof paths / sizeof paths[0]; i++)
        config_free(load_good(paths[i]));
    cr_assert_eq(chmod("way", 0777), 0);
    struct config *config = NULL;
    char *text = NULL;
    cr_expect_eq(config_load("way/link.yaml", fixture_environment, &config, &text), -EPERM);
    free(text);
}

Test(config_files, root_refuses_what_another_has_put_where_everyone_can)
{
    as_root_only();
    cr_assert_eq(chown("in/a.yaml", OTHERS, OTHERS), 0);
    config_free(load_good("in/a.yaml")); /* nobody but root can have put it there */
    cr_assert_eq(chmod("in", 01777), 0);
    struct config *config = NULL;
    char *errors = NULL;
    cr_expect_eq(config_load("in/a.yaml", fixture_environment, &config, &errors), -EPERM);
    cr_expect(strstr(errors, "'in/a.yaml' belongs to user 12345, and everyone can make files"),
              "%s", errors);
    free(errors);
    unlink("in/a.yaml");
    cr_assert_eq(mkfifo("in/a.yaml", 0644), 0);
    cr_assert_eq(chown("in/a.yaml", OTHERS, OTHERS), 0);
    cr_expect_eq(config_load("in/a.yaml", fixture_environment, &config, &errors), -EPERM);
    free(errors);
}

Test(config_files, an_ordinary_user_decides_alone)
{
    as_root_only();
    cr_assert_eq(chmod("in", 0777), 0);
    cr_assert_eq(chmod("in/a.yaml", 0666), 0);
    cr_assert_eq(seteuid(OTHERS), 0);
    config_free(load_good("in/a.yaml"));
    cr_expect_eq(seteuid(0), 0);
}

Test(config_files, a_file_without_a_name_can_be_replaced_by_nobody)
{
    char path[64];
    as_root_only();
    int fd = open("in/a.yaml", O_RDONLY | O_CLOEXEC);
    cr_assert(fd >= 0 && unlink("in/a.yaml") == 0);
    snprintf(path, sizeof path, "/dev/fd/%d", fd);
    config_free(load_good(path));
}
