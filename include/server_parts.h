/* server_parts.h - one client from inside: what the two files about it share. */
#ifndef SERVER_PARTS_H
#define SERVER_PARTS_H

#include <stdbool.h>
#include <stdint.h>

#include "lines.h"
#include "outbuf.h"
#include "protocol.h"
#include "server_connection.h"

struct connection {
    const struct connection_env *env;
    int fd;
    struct lines *lines; /* NULL: nothing is held */
    struct outbuf *out;  /* NULL: nothing is to be sent */

    struct protocol_request *request; /* under way, with its call */
    struct call *call;
    int64_t quiet_ms; /* since when it has printed nothing */
    bool silent;      /* for so long that its client is to be told what it waits for... */
    bool told;        /* ... and was */

    int64_t line_ms; /* when half a line has been there for too long */
    bool ended;      /* the client sends no more */
    bool gone;       /* nor does it read */
    bool leaving;    /* it gets what is pending, and that is all */
    bool over;
    bool outlives; /* it has asked for the shutdown, and is to see the end of the process */
};

/* Half an answer is worse than none: without memory for it the client is dropped. */
void connection_fail(struct connection *c);

void connection_say_error(struct connection *c, const char *id, const char *text, int exit_status);

/* Does a whole line wait? Begins it; a request that does not wait is over when this returns. */
bool connection_has_line(const struct connection *c);
void connection_begin_next(struct connection *c);

/* Lets the command under way go on: `ready` when call_fd() is readable. */
void connection_go_on(struct connection *c, bool ready);
void connection_run(struct connection *c);

/* When the client is to be told what the command under way waits for, or INT64_MAX. */
int64_t connection_tell_ms(const struct connection *c);

/* Loses interest in the command under way, if there is one; cancels nothing. */
void connection_drop_call(struct connection *c);

#endif
