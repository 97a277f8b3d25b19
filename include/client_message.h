/* client_message.h - the lines that client and supervisor exchange, as the client sees them: one
 * JSON object a line, see src/PROTOCOL.md. Pure. */
#ifndef CLIENT_MESSAGE_H
#define CLIENT_MESSAGE_H

#include <stdbool.h>
#include <stddef.h>

/* A command, and how its output is to look. */
struct client_request {
    char *const *words; /* at least one */
    size_t count;
    bool colour;
    int width;     /* columns of the terminal; 0: none */
    bool progress; /* it wants to be told what a silent command waits for */
};

/* The line for it, with its end. A string to free(), or NULL when out of memory. */
char *client_request_line(const struct client_request *request);

/* One reply. Strings are owned, and NULL where the reply has none. */
struct client_reply {
    char *text;    /* to be printed as it is */
    char *waiting; /* what the command waits for */
    char *problem; /* what is wrong with the connection, not with the command */
    bool last;
    int exit_status; /* where it is the last */
};

/* Reads a line (without its end). 0 with *out_reply to client_reply_release(); -EPROTO: it is no
 * reply; -ENOMEM. Members that are not known are left alone. */
int client_reply_parse(const char *line, size_t length, struct client_reply *out_reply)
    __attribute__((warn_unused_result));
void client_reply_release(struct client_reply *reply);

#endif
