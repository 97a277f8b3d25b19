/* test_render_pages.c - describe, events, and what programs read: JSON. */
#include "render_fixture.h"

#include <cjson/cJSON.h>
#include <signal.h>

TestSuite(render_pages, .timeout = 60);

static const struct render_style plain = { .width = 0 };

/* 2026-05-01 08:00:00.123 UTC */
#define WALL_MS 1777622400123

static void in_utc(void)
{
    setenv("TZ", "UTC", 1);
}

/* ---- JSON ---- */

/* What `status --json` says about one snapshot, which is released. */
static cJSON *json_of(struct snapshot snapshot)
{
    const struct snapshot_set set = { &snapshot, 1 };
    char *text = NULL;
    FILE *out = text_stream(&text);
    cr_assert_eq(render_status_json(out, &set), 0);
    fclose(out);
    snapshot_release(&snapshot);
    cr_expect_eq(strchr(text, '\n'), text + strlen(text) - 1, "it is one line");
    cJSON *object = cJSON_Parse(text);
    cr_assert_not_null(object, "no JSON: %s", text);
    free(text);
    return object;
}

static cJSON *task_in(cJSON *object)
{
    cJSON *tasks = cJSON_GetObjectItemCaseSensitive(object, "tasks");
    cr_assert_eq(cJSON_GetArraySize(tasks), 1);
    return cJSON_GetArrayItem(tasks, 0);
}

static void expect_member(cJSON *object, const char *key, const char *expected)
{
    cJSON *item = cJSON_GetObjectItemCaseSensitive(object, key);
    cr_assert_not_null(item, "no '%s'", key);
    char *text = cJSON_PrintUnformatted(item);
    cr_expect_str_eq(text, expected, "%s: %s", key, text);
    cJSON_free(text);
}

Test(render_pages, status_json_of_a_process_that_runs)
{
    struct snapshot s = running("web", "command: sleep 5", 1240, 135000);
    s.restarts = 2;
    cJSON *object = json_of(s);
    cJSON *task = task_in(object);
    expect_member(task, "name", "\"web\"");
    expect_member(task, "task", "\"web\"");
    expect_member(task, "instance", "1");
    expect_member(task, "status", "\"RUNNING\"");
    expect_member(task, "pid", "1240");
    expect_member(task, "restarts", "2");
    expect_member(task, "command", "\"sleep 5\"");
    expect_member(task, "exit", "null");
    expect_member(task, "description", "\"alive for 5s\"");
    double uptime = cJSON_GetNumberValue(cJSON_GetObjectItem(task, "uptime"));
    cr_expect(uptime >= 135 && uptime < 200, "%f", uptime);
    cJSON_Delete(object);
}

Test(render_pages, status_json_has_null_where_nothing_runs)
{
    struct snapshot s = stopped("web", "command: x, instances: 3", 2);
    s.up_ms = 12;
    cJSON *object = json_of(s);
    expect_member(task_in(object), "name", "\"web_2\"");
    expect_member(task_in(object), "instance", "2");
    expect_member(task_in(object), "pid", "null");
    expect_member(task_in(object), "uptime", "null");
    cJSON_Delete(object);
}

Test(render_pages, status_json_says_how_and_when_the_last_process_ended)
{
    struct snapshot s = stopped("web", "command: x", 1);
    s.exit = (struct fsm_exit){ .known = true, .code = 3 };
    s.exit_wall_ms = WALL_MS;
    cJSON *object = json_of(s);
    expect_member(task_in(object), "exit", "{\"code\":3,\"at\":\"2026-05-01T08:00:00.123Z\"}");
    cJSON_Delete(object);
    s = stopped("web", "command: x", 1);
    s.exit = (struct fsm_exit){ .known = true, .signal = SIGKILL };
    s.exit_wall_ms = WALL_MS;
    object = json_of(s);
    expect_member(task_in(object), "exit",
                  "{\"signal\":\"SIGKILL\",\"at\":\"2026-05-01T08:00:00.123Z\"}");
    cJSON_Delete(object);
}

Test(render_pages, status_json_of_nothing_is_an_empty_list)
{
    const struct snapshot_set nothing = { NULL, 0 };
    char *text = NULL;
    FILE *out = text_stream(&text);
    cr_assert_eq(render_status_json(out, &nothing), 0);
    fclose(out);
    expect_text(text, "{\"tasks\":[]}\n");
}

Test(render_pages, what_is_not_utf8_does_not_break_json)
{
    struct snapshot s = stopped("web", "command: \"a\\e\\n\\\"\"", 1);
    s.why.why = WHY_NOT_SPAWNED;
    s.detail = strdup("exec /\xff: no");
    cJSON *object = json_of(s);
    cJSON *command = cJSON_GetObjectItem(task_in(object), "command");
    cr_expect_str_eq(cJSON_GetStringValue(command), "a\033\n\"");
    cJSON *description = cJSON_GetObjectItem(task_in(object), "description");
    cr_expect_str_eq(cJSON_GetStringValue(description), "exec /\ufffd: no");
    cJSON_Delete(object);
}

/* ---- changes ---- */

static struct change started(void)
{
    return (struct change){ .wall_ms = WALL_MS,
                            .id = instance_of("web", "command: x, instances: 3", 2),
                            .from = ST_STARTED,
                            .to = ST_RUNNING,
                            .pid = 1240,
                            .why = { .why = WHY_ALIVE, .ms = 5000 } };
}

static char *change_text(struct change change, struct render_style style)
{
    char *text = NULL;
    FILE *out = text_stream(&text);
    cr_assert_eq(render_change(out, &change, &style), 0);
    fclose(out);
    change_release(&change);
    return text;
}

Test(render_pages, a_change_is_one_line)
{
    in_utc();
    expect_text(change_text(started(), plain),
                "2026-05-01 08:00:00  web_2: STARTED -> RUNNING (PID 1240), alive for 5s\n");
    expect_text(change_text(started(), (struct render_style){ .colour = true }),
                "2026-05-01 08:00:00  web_2: STARTED -> \033[32mRUNNING\033[0m (PID 1240), "
                "alive for 5s\n");
    struct change failed = started();
    failed.pid = 0;
    failed.to = ST_FATAL;
    failed.why = (struct reason){ .why = WHY_NOT_SPAWNED };
    failed.detail = strdup("exec /\n: no");
    expect_text(change_text(failed, plain),
                "2026-05-01 08:00:00  web_2: STARTED -> FATAL, exec /\\n: no\n");
}

Test(render_pages, a_change_as_json_is_one_object_on_one_line)
{
    struct change change = started();
    char *text = NULL;
    FILE *out = text_stream(&text);
    cr_assert_eq(render_change_json(out, &change), 0);
    change.pid = 0;
    cr_assert_eq(render_change_json(out, &change), 0);
    fclose(out);
    change_release(&change);
    expect_text(text, "{\"at\":\"2026-05-01T08:00:00.123Z\",\"task\":\"web\",\"instance\":2,"
                      "\"name\":\"web_2\",\"from\":\"STARTED\",\"to\":\"RUNNING\",\"pid\":1240,"
                      "\"reason\":\"alive for 5s\"}\n"
                      "{\"at\":\"2026-05-01T08:00:00.123Z\",\"task\":\"web\",\"instance\":2,"
                      "\"name\":\"web_2\",\"from\":\"STARTED\",\"to\":\"RUNNING\",\"pid\":null,"
                      "\"reason\":\"alive for 5s\"}\n");
}

/* ---- describe ---- */

/* The page of a snapshot, which is released. */
static char *page_of(struct snapshot snapshot)
{
    char *const environment[] = { (char *)"LOGS=/var/log", NULL };
    char *text = NULL;
    FILE *out = text_stream(&text);
    cr_assert_eq(render_page(out, &snapshot, environment, NULL, &plain), 0);
    fclose(out);
    snapshot_release(&snapshot);
    return text;
}

Test(render_pages, describe_shows_the_process_its_logs_its_keys_and_its_history)
{
    in_utc();
    struct snapshot s = running("web",
                                "command: sleep 5, stdout: '/tmp/${NAME}.log', "
                                "stderr: stdout",
                                1240, 135000);
    s.exit = (struct fsm_exit){ .known = true, .code = 3 };
    s.exit_wall_ms = WALL_MS;
    s.restarts = 4;
    s.history = calloc(1, sizeof *s.history);
    s.history_count = 1;
    s.history[0] = (struct change){ .wall_ms = WALL_MS, .to = ST_STARTED, .pid = 1240 };
    s.history[0].why.why = WHY_USER;
    char *text = page_of(s);
    expect_part(text, "web:\n  task:          web, instance 1 of 1\n");
    expect_part(text, "\n  status:        RUNNING for 2m1");
    expect_part(text, "\n  reason:        alive for 5s\n");
    expect_part(text, "\n  pid:           1240\n");
    expect_part(text, "\n  restarts:      4\n");
    expect_part(text, "\n  last exit:     exit 3, at 2026-05-01 08:00:00\n");
    expect_part(text, "\n  command:       sleep 5\n");
    expect_part(text, "\n  stdout:        /tmp/web.log\n");
    expect_part(text, "\n  stderr:        stdout\n");
    expect_part(text, "\nconfiguration:\n");
    expect_part(text, "\n  gracefulStopTimeout: 10s\n");
    expect_part(text, "\nhistory:\n  2026-05-01 08:00:00  STOPPED -> STARTED (PID 1240), "
                      "asked by a user\n");
    free(text);
}

Test(render_pages, describe_says_what_comes_next_and_when)
{
    struct snapshot s = stopped("web", "command: x", 1);
    s.state = ST_BACKOFF;
    s.failures = 2;
    s.next_ms = clock_ms() + 3600000;
    char *text = page_of(s);
    expect_part(text, "\n  next start:    in ");
    expect_part(text, "\n  failed starts: 2 in a row\n");
    expect_part(text, "\n  last exit:     none yet\n");
    expect_part(text, "\n  stdout:        /dev/null\n");
    cr_expect_null(strstr(text, "\n  pid:"));
    cr_expect_null(strstr(text, "history:"));
    free(text);
    s = running("web", "command: x", 7, 1000);
    s.state = ST_STOPPING;
    s.next_ms = clock_ms() + 3600000;
    text = page_of(s);
    expect_part(text, "\n  SIGKILL:       in ");
    free(text);
}

Test(render_pages, describe_shows_no_foreign_bytes_as_they_are)
{
    struct snapshot s = stopped("web", "command: \"a\\e[2J\", environment: {X: \"b\\e[2J\"}", 1);
    s.why.why = WHY_NOT_SPAWNED;
    s.detail = strdup("\033[2J");
    char *text = page_of(s);
    cr_expect_null(strchr(text, '\033'), "%s", text);
    free(text);
}

/* The object of `describe --json`, of a snapshot, which is released. */
static cJSON *object_of(struct snapshot snapshot)
{
    char *const environment[] = { NULL };
    const struct render_style json = { .json = true };
    char *text = NULL;
    FILE *out = text_stream(&text);
    cr_assert_eq(render_description(out, &snapshot, environment, NULL, &json), 0);
    fclose(out);
    snapshot_release(&snapshot);
    cr_expect_eq(strchr(text, '\n'), text + strlen(text) - 1, "it is one line");
    cJSON *object = cJSON_Parse(text);
    cr_assert_not_null(object, "no JSON: %s", text);
    free(text);
    return object;
}

Test(render_pages, describe_json_has_what_the_page_shows)
{
    struct snapshot s = running("web",
                                "command: sleep 5, stdout: '/tmp/${NAME}.log', "
                                "stderr: stdout",
                                1240, 135000);
    s.failures = 1;
    s.next_ms = clock_ms() + 3600000;
    s.history = calloc(1, sizeof *s.history);
    s.history_count = 1;
    s.history[0] = (struct change){ .wall_ms = WALL_MS, .to = ST_STARTED, .pid = 1240 };
    s.history[0].why.why = WHY_USER;
    cJSON *object = object_of(s);
    expect_member(object, "name", "\"web\"");
    expect_member(object, "status", "\"RUNNING\"");
    expect_member(object, "description", "\"alive for 5s\"");
    expect_member(object, "pid", "1240");
    expect_member(object, "exit", "null");
    expect_member(object, "failedStarts", "1");
    expect_member(object, "stdout", "\"/tmp/web.log\"");
    expect_member(object, "stderr", "\"stdout\"");
    expect_member(object, "history",
                  "[{\"at\":\"2026-05-01T08:00:00.123Z\",\"from\":\"STOPPED\","
                  "\"to\":\"STARTED\",\"pid\":1240,\"reason\":\"asked by a user\"}]");
    double next = cJSON_GetNumberValue(cJSON_GetObjectItem(object, "next"));
    cr_expect(next > 3500 && next <= 3600, "%f", next);
    cr_expect_null(cJSON_GetObjectItem(object, "lastWords"));
    cJSON_Delete(object);
}

Test(render_pages, describe_json_gives_values_of_the_configuration_their_types)
{
    cJSON *object = object_of(
        stopped("web",
                "command: x, restart: always, instances: 3, "
                "expectedExitCodes: [2, 0], environment: {A: '1', B: \"\\e\"}",
                1));
    cJSON *config = cJSON_GetObjectItem(object, "config");
    expect_member(config, "command", "\"x\"");
    expect_member(config, "instances", "3");
    expect_member(config, "autoLaunch", "false");
    expect_member(config, "restart", "\"always\"");
    expect_member(config, "restartsAttempts", "\"no limit\"");
    expect_member(config, "expectedExitCodes", "[0,2]");
    expect_member(config, "gracefulStopTimeout", "\"10s\"");
    expect_member(config, "stdout", "null");
    expect_member(config, "environment", "{\"A\":\"1\",\"B\":\"\\u001b\"}");
    expect_member(config, "unmask", "\"022\"");
    expect_member(object, "next", "null");
    cJSON_Delete(object);
}

static struct snapshot with_signs(enum state state)
{
    struct snapshot s = running("web",
                                "command: x, ready: {exec: 'is up'}, "
                                "health: {tcp: 'localhost:80'}",
                                1240, 1000);
    s.state = state;
    s.vitals = calloc(1, sizeof *s.vitals);
    return s;
}

Test(render_pages, describe_shows_readiness_and_health_and_makes_foreign_bytes_safe)
{
    struct snapshot s = with_signs(ST_STARTED);
    s.vitals->not_ready = strdup("exit code 1");
    s.vitals->status = strdup("a\x1b[2J");
    s.next_ms = clock_ms() + 3600000;
    char *text = page_of(s);
    expect_part(text, "\n  ready:         exec is up (not ready, last failure: exit code 1)\n");
    expect_part(text, "\n  health:        0 checks, 0 failures in a row (of 3)\n");
    expect_part(text, "\n  notify status: \"a\\x1b[2J\"\n");
    expect_part(text, ", if it is not ready\n");
    free(text);
    s = with_signs(ST_RUNNING);
    *s.vitals =
        (struct vital_signs){ .ready = true, .ready_ms = 1234, .checks = 120, .failures = 1 };
    s.vitals->unhealthy = strdup("no answer within 5s");
    text = page_of(s);
    expect_part(text, "\n  ready:         exec is up (ready after 1.2s)\n");
    expect_part(text, "\n  health:        120 checks, 1 failure in a row (of 3), "
                      "last failure: no answer within 5s\n");
    cr_expect_null(strstr(text, "notify status"));
    free(text);
}

Test(render_pages, describe_json_has_readiness_and_health)
{
    struct snapshot s = with_signs(ST_RUNNING);
    *s.vitals = (struct vital_signs){ .ready = true, .ready_ms = 1250, .checks = 2 };
    cJSON *object = object_of(s);
    expect_member(object, "ready", "{\"ready\":true,\"after\":1.25,\"lastFailure\":null}");
    expect_member(object, "health", "{\"checks\":2,\"failures\":0,\"lastFailure\":null}");
    expect_member(object, "notifyStatus", "null");
    cJSON_Delete(object);
    object = object_of(stopped("web", "command: x", 1));
    expect_member(object, "ready", "null");
    expect_member(object, "health", "null");
    cJSON_Delete(object);
}
