/* fuzz_config.c - any bytes as a configuration: refused with a text, or accepted, and then a
 * task can be started, compared with itself and printed. */
#include <errno.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "config.h"
#include "launch.h"
#include "plan.h"

static char *const environment[] = { (char[]){ "HOME=/home/me" }, (char[]){ "EMPTY=" }, NULL };

#define EXPECT(condition) \
    do {                  \
        if (!(condition)) \
            abort();      \
    } while (0)

/* What was checked when it was read cannot fail at a start for want of a variable. */
static void start(const struct task_config *task)
{
    char *name = config_instance_name(task, task->instances);
    EXPECT(name);
    const struct launch_id id = { .task = task->name, .instance = task->instances, .name = name };
    struct launch *launch = NULL;
    char *error = NULL;
    int result = launch_new(task, &id, environment, &launch, &error);
    EXPECT(result == 0 || (result == -EINVAL && error && strstr(error, "128 KiB")));
    EXPECT(result != 0 || (launch->argv[0] && launch->paths[0] && launch->envp[0]));
    launch_free(launch);
    free(error);
    char *text = launch_command_text(task, &id);
    EXPECT(text);
    free(text);
    free(name);
}

static void use(const struct config *config)
{
    char *text = NULL;
    size_t size;
    FILE *out = open_memstream(&text, &size);
    EXPECT(out);
    for (size_t i = 0; i < config->task_count; i++) {
        start(config->tasks[i]);
        task_config_print(out, "  ", config->tasks[i]);
        EXPECT(task_config_compare(config->tasks[i], config->tasks[i]) == CONFIG_SAME);
    }
    struct plan *plan = plan_new(config, config);
    EXPECT(plan && plan->count == config->task_count);
    plan_print(out, plan, true);
    EXPECT(plan_print_json(out, plan) == 0);
    plan_free(plan);
    fclose(out);
    free(text);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (memmem(data, size, "include", strlen("include")))
        return 0; /* it would read other files */
    struct config *config = NULL;
    char *errors = NULL;
    int result = config_parse("fuzz", (const char *)data, size, environment, &config, &errors);
    EXPECT(result == 0 ? config && !errors : !config && errors && *errors);
    if (config)
        use(config);
    config_free(config);
    free(errors);
    return 0;
}
