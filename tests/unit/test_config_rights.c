/* test_config_rights.c - who a task runs as and what it may use up: good values and bad ones. What
 * depends on who runs the tests is in the flow tests. */
#include <criterion/criterion.h>
#include <linux/capability.h>
#include <stdlib.h>
#include <unistd.h>

#include "config.h"
#include "config_fixture.h"
#include "launch.h"
#include "privilege.h"

static const struct config_limit *limit(const struct task_config *task, const char *name)
{
    for (size_t i = 0; i < CONFIG_LIMITS; i++) {
        if (strcmp(config_limit_kinds[i].name, name) == 0)
            return &task->limits.items[i];
    }
    return NULL;
}

Test(config_rights, nothing_is_given_by_default)
{
    struct config *config = config_with("");
    const struct task_config *task = config->tasks[0];
    cr_expect_not(task->nice.given || task->oom_score_adj.given || task->no_new_privileges);
    for (size_t i = 0; i < CONFIG_LIMITS; i++)
        cr_expect_not(task->limits.items[i].given);
    cr_expect_null(task->user.text);
    cr_expect_null(task->group.text);
    cr_expect_eq(task->stop_target, STOP_GROUP);
    cr_expect_eq(task->on_fatal, ON_END_IGNORE);
    cr_expect_eq(task->on_exit, ON_END_IGNORE);
    cr_expect_eq(config->supervisor.cgroups, CGROUPS_AUTO);
    cr_expect_eq(config->supervisor.leftovers, LEFTOVERS_STOP);
    config_free(config);
}

Test(config_rights, limits_are_one_or_two_numbers)
{
    struct config *config = config_with("    limits: {nofile: 10:20, core: 0, stack: 1.5MB,\n"
                                        "             fsize: 1KB:2KB, nproc: 7}");
    const struct task_config *task = config->tasks[0];
    cr_expect(limit(task, "nofile")->soft == 10 && limit(task, "nofile")->hard == 20);
    cr_expect(limit(task, "core")->given && limit(task, "core")->hard == 0);
    cr_expect_eq(limit(task, "stack")->soft, 3 << 19);
    cr_expect(limit(task, "fsize")->soft == 1024 && limit(task, "fsize")->hard == 2048);
    cr_expect(limit(task, "nproc")->soft == 7 && limit(task, "nproc")->hard == 7);
    cr_expect_not(limit(task, "as")->given);
    config_free(config);
    if (!privilege_has(CAP_SYS_RESOURCE))
        return;
    config = config_with("    limits: {nofile: unlimited, as: infinity, cpu: 5:unlimited}");
    task = config->tasks[0];
    cr_expect_neq(limit(task, "nofile")->hard, RLIM_INFINITY, "the kernel has a bound of its own");
    cr_expect_eq(limit(task, "as")->hard, RLIM_INFINITY);
    cr_expect(limit(task, "cpu")->soft == 5 && limit(task, "cpu")->hard == RLIM_INFINITY);
    config_free(config);
}

Test(config_rights, every_bad_limit_is_told)
{
    config_bad_key("limits: {nofile: 10:5, cor: 0, as: 1XB, cpu: -1, nproc: [1], fsize: \"1:\"}",
                   "t.yaml:4:22: 'nofile': the soft limit is above the hard one in '10:5'\n"
                   "t.yaml:4:28: unknown limit 'cor', did you mean 'core'?\n"
                   "t.yaml:4:40: 'as' must be a size, two of them as SOFT:HARD, or unlimited, not "
                   "'1XB'\n"
                   "t.yaml:4:50: 'cpu' must be a number, two of them as SOFT:HARD, or unlimited, "
                   "not '-1'\n"
                   "t.yaml:4:61: 'nproc' must be a number, two of them as SOFT:HARD, or unlimited, "
                   "not a list\n"
                   "t.yaml:4:73: 'fsize' must be a size, two of them as SOFT:HARD, or unlimited, "
                   "not '1:'\n");
    config_bad_key("limits: 5", "t.yaml:4:13: 'limits' must be a map of limits, not '5'\n");
}

Test(config_rights, nice_and_oom_score_may_be_inherited)
{
    struct config *config = config_good("defaults: {nice: 19, oomScoreAdj: 1000}\ntasks:\n"
                                        "  a: {command: x}\n"
                                        "  b: {command: x, nice: inherit, oomScoreAdj: inherit}\n");
    cr_expect(config->tasks[0]->nice.given && config->tasks[0]->nice.value == 19);
    cr_expect_eq(config->tasks[0]->oom_score_adj.value, 1000);
    cr_expect_not(config->tasks[1]->nice.given || config->tasks[1]->oom_score_adj.given);
    config_free(config);
    config_bad_key("nice: 20", "t.yaml:4:11: 'nice' must be from -20 to 19, not '20'\n");
    config_bad_key("nice: low", "t.yaml:4:11: 'nice' must be a whole number, or inherit, not "
                                "'low'\n");
    config_bad_key("oomScoreAdj: 1001",
                   "t.yaml:4:18: 'oomScoreAdj' must be from -1000 to 1000, not '1001'\n");
}

Test(config_rights, users_and_groups_must_be_there)
{
    config_bad_key("user: no-such-user", "t.yaml:4:11: 'user': there is no user 'no-such-user'\n");
    config_bad_key("group: no-such-group",
                   "t.yaml:4:12: 'group': there is no group 'no-such-group'\n");
    config_bad_key("user: [root]",
                   "t.yaml:4:11: 'user' must be a user, by name or number, not a list\n");
    config_bad_key("user: ${NOBODY_KNOWS}",
                   "t.yaml:4:11: 'user': '${NOBODY_KNOWS}' is not set: set it, or give a default: "
                   "'${NOBODY_KNOWS:-TEXT}'\n");
    if (geteuid() == 0)
        config_bad_key("user: 4000000000", "t.yaml:4:11: 'user': there is no user with the number "
                                           "'4000000000': say its 'group' too\n");
}

static bool has(char *const *envp, const char *start)
{
    for (; *envp; envp++) {
        if (strncmp(*envp, start, strlen(start)) == 0)
            return true;
    }
    return false;
}

Test(config_rights, a_launch_carries_who_it_is_for)
{
    if (geteuid() != 0)
        cr_skip("only root can run as another");
    struct config *config = config_with("    user: daemon\n    group: 4242\n    nice: 3\n"
                                        "    environment: {USER: me}");
    const struct launch_id id = { .task = "web", .instance = 1, .name = "web" };
    struct launch *launch = NULL;
    char *error = NULL;
    cr_assert_eq(launch_new(config->tasks[0], &id, fixture_environment, &launch, &error), 0);
    config_free(config); /* it keeps nothing of it */
    const struct launch_rights *rights = &launch->rights;
    cr_expect(rights->ids.has_user && rights->ids.user == 1);
    cr_expect(rights->ids.has_group && rights->ids.group == 4242);
    cr_expect(rights->has_groups && rights->group_count > 0 && rights->groups[0] == 1);
    cr_expect_str_eq(rights->user, "daemon");
    cr_expect(has(launch->envp, "LOGNAME=daemon") && has(launch->envp, "USER=me"));
    cr_expect_not(has(launch->envp, "HOME=/home/me") || has(launch->envp, "USER=daemon"));
    launch_free(launch);
}
