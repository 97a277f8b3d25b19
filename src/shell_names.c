/* shell_names.c - see shell_names.h. */
#include "shell_names.h"

#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>

#include "clock.h"

/* Cuts a text into its lines. */
static int split(const char *text, char ***out_names, size_t *out_count)
{
    size_t count = 0;
    size_t room = 1;
    for (const char *at = text; *at != '\0'; at++)
        room += *at == '\n';
    char **names = calloc(room, sizeof *names);
    bool ok = names != NULL;
    for (const char *end; ok && (end = strchr(text, '\n')) != NULL; text = end + 1) {
        names[count] = strndup(text, (size_t)(end - text));
        ok = names[count] != NULL;
        count += ok;
    }
    if (!ok) {
        shell_names_free(names);
        return -ENOMEM;
    }
    *out_names = names;
    *out_count = count;
    return 0;
}

/* Lets the command run to its end, or until the deadline. */
static int run(struct session_call *call, int64_t deadline_ms, FILE *out)
{
    int status;
    while (!session_call_run(call, out, &status)) {
        int64_t until_ms = session_call_deadline_ms(call);
        struct pollfd p = { .fd = session_call_fd(call), .events = POLLIN };
        if (clock_ms() >= deadline_ms)
            return -ETIMEDOUT;
        poll(&p, 1, clock_poll_timeout(clock_first(until_ms, deadline_ms)));
    }
    return status == EXIT_DONE ? 0 : -EPROTO;
}

int shell_names(const struct session *session, int64_t deadline_ms, char ***out_names,
                size_t *out_count)
{
    const struct command_style plain = { .width = 0 };
    char name[] = "names";
    char *words[] = { name, NULL };
    char *text = NULL;
    size_t length = 0;
    FILE *out = open_memstream(&text, &length);
    if (out == NULL)
        return -ENOMEM;
    struct session_call *call = session_start(session, &plain, 1, words);
    int error = call == NULL ? -ENOMEM : run(call, deadline_ms, out);
    session_call_free(call);
    if ((fclose(out) != 0 || text == NULL) && error == 0)
        error = -ENOMEM;
    if (error == 0)
        error = split(text, out_names, out_count);
    free(text);
    return error;
}

void shell_names_free(char **names)
{
    for (size_t i = 0; names != NULL && names[i] != NULL; i++)
        free(names[i]);
    free(names);
}
