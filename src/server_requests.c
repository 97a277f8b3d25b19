/* server_requests.c - what a client asks for, one request at a time: from a line to its replies. */
#include "server_parts.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "clock.h"
#include "log.h"

#define QUIET_MS 1000

/* ---- replies ---- */

/* Whoever waits is told, where that needs no memory. */
void connection_fail(struct connection *c)
{
    static const char farewell[] = "{\"id\":null,\"error\":\"out of memory\",\"exit\":1}\n";
    if (c->over)
        return;
    c->over = true;
    if (!c->out || outbuf_pending(c->out) == 0)
        (void)!send(c->fd, farewell, sizeof farewell - 1, MSG_DONTWAIT | MSG_NOSIGNAL);
    log_write(LOG_WARN, "a client of the control socket is dropped: out of memory");
}

static FILE *stream_of(struct connection *c)
{
    if (!c->out)
        c->out = outbuf_new(c->fd);
    if (!c->out)
        connection_fail(c);
    return c->out ? outbuf_stream(c->out) : NULL;
}

void connection_say_error(struct connection *c, const char *id, const char *text, int exit_status)
{
    FILE *out = stream_of(c);
    if (out && protocol_put_error(out, id, text, exit_status))
        connection_fail(c);
}

static void say_exit(struct connection *c, const char *id, int exit_status)
{
    FILE *out = stream_of(c);
    if (out)
        protocol_put_exit(out, id, exit_status);
}

/* ---- the command under way ---- */

void connection_drop_call(struct connection *c)
{
    call_free(c->call);
    protocol_request_free(c->request);
    c->call = NULL;
    c->request = NULL;
}

static bool is_shutdown(const struct protocol_request *request)
{
    return command_ends(request->word_count, request->words) == ENDS_SUPERVISOR;
}

static void pass_on(struct connection *c, const char *text, size_t bytes)
{
    FILE *out = bytes > 0 ? stream_of(c) : NULL;
    if (!out)
        return;
    c->quiet_ms = clock_ms();
    if (protocol_put_output(out, c->request->id, text, bytes, c->request->json))
        connection_fail(c);
}

void connection_run(struct connection *c)
{
    char *text = NULL;
    size_t bytes = 0;
    int exit_status = 0;
    FILE *out = open_memstream(&text, &bytes);
    if (!out) {
        connection_fail(c);
        return;
    }
    bool done = call_run(c->call, out, &exit_status);
    if (fclose(out) == 0 && text)
        pass_on(c, text, bytes);
    else
        connection_fail(c);
    free(text);
    if (!done)
        return;
    say_exit(c, c->request->id, exit_status);
    c->outlives = c->outlives || (is_shutdown(c->request) && exit_status == 0);
    connection_drop_call(c);
}

/* As soon as that is known. */
static void tell(struct connection *c)
{
    char *what = call_waiting_for(c->call);
    c->silent = true;
    c->told = what != NULL;
    FILE *out = what ? stream_of(c) : NULL;
    if (out && protocol_put_waiting(out, c->request->id, what))
        connection_fail(c);
    free(what);
}

int64_t connection_tell_ms(const struct connection *c)
{
    return c->request->progress && !c->silent ? c->quiet_ms + QUIET_MS : INT64_MAX;
}

void connection_go_on(struct connection *c, bool ready)
{
    int64_t now_ms = clock_ms();
    if (ready || call_deadline_ms(c->call) <= now_ms)
        connection_run(c);
    if (!c->call || !c->request->progress || c->told)
        return;
    if (c->silent ? ready : connection_tell_ms(c) <= now_ms)
        tell(c);
}

/* ---- requests ---- */

static bool is_known(const char *name)
{
    for (size_t i = 0; i < command_count(); i++)
        if (strcmp(command_at(i)->name, name) == 0)
            return true;
    return false;
}

/* In the supervisor's own shell these mean the shutdown; a client only leaves. */
static bool leaves(const char *name)
{
    return strcmp(name, "exit") == 0 || strcmp(name, "quit") == 0;
}

static void refuse_unknown(struct connection *c, const struct protocol_request *request)
{
    char *text;
    if (asprintf(&text, "Unknown command: %s. Type 'help' for a list of commands.",
                 request->words[0]) < 0) {
        connection_fail(c);
        return;
    }
    connection_say_error(c, request->id, text, EXIT_USAGE);
    free(text);
}

/* Makes the request the one under way. */
static void begin_call(struct connection *c, struct protocol_request *request)
{
    const struct command_style style = {
        .colour = request->colour,
        .json = request->json,
        .width = request->width,
    };
    c->request = request;
    c->call = call_new(&c->env->commands, &style, request->word_count, request->words);
    c->silent = c->told = false;
    c->quiet_ms = clock_ms();
    if (!c->call) {
        connection_say_error(c, request->id, "out of memory or descriptors, try again",
                             EXIT_FAILED);
        connection_drop_call(c);
        return;
    }
    bool shutdown = is_shutdown(request);
    connection_run(c);
    if (shutdown && (c->call || c->outlives))
        c->env->on_shutdown(c->env->arg);
}

static void begin(struct connection *c, const char *line)
{
    struct protocol_request *request = protocol_parse(line);
    if (!request) {
        connection_fail(c);
    } else if (request->error) {
        connection_say_error(c, request->id, request->error, EXIT_USAGE);
    } else if (leaves(request->words[0])) {
        say_exit(c, request->id, 0);
        c->leaving = true;
    } else if (!is_known(request->words[0])) {
        refuse_unknown(c, request);
    } else if (!c->gone || command_changes(request->word_count, request->words)) {
        begin_call(c, request);
        return; /* it has the request now */
    }
    protocol_request_free(request);
}

static bool is_blank(const char *line)
{
    return line[strspn(line, " \t\r\v\f")] == '\0';
}

void connection_begin_next(struct connection *c)
{
    char *line = NULL;
    int error;
    do {
        free(line);
        line = NULL;
        error = lines_next(c->lines, &line);
    } while (error == 0 && is_blank(line));
    if (error == 0)
        begin(c, line);
    else if (error == -E2BIG)
        connection_say_error(c, "null", "the line is longer than 64 KiB", EXIT_USAGE);
    else if (error == -EILSEQ)
        connection_say_error(c, "null", "the line has a NUL byte in it", EXIT_USAGE);
    else if (error == -ENOMEM)
        connection_fail(c);
    free(line);
}

bool connection_has_line(const struct connection *c)
{
    return c->lines && lines_ready(c->lines);
}
