/* protocol.h - the lines of the control socket: requests are read, replies are written. The format
 * is in src/PROTOCOL.md. Pure; any thread. */
#ifndef PROTOCOL_H
#define PROTOCOL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

#define PROTOCOL_VERSION 1
#define PROTOCOL_WIDTH_MAX 10000

/* What a line asks for. */
struct protocol_request {
    char *error;  /* why it cannot be carried out, NULL: it can; then the rest holds */
    char *id;     /* JSON, to be repeated in every reply; always there */
    char **words; /* the command and its arguments, and NULL */
    size_t word_count;
    bool json;
    bool colour;
    bool progress; /* the client wants to be told what a silent command waits for */
    int width;
};

/* Reads a line, without its end. A request to protocol_request_free(); NULL: out of memory. */
struct protocol_request *protocol_parse(const char *line);
void protocol_request_free(struct protocol_request *request); /* NULL is fine */

/* What a command has printed, as one line or more: {"id":1,"output":"..."}. With `json`, each of
 * its lines that is an object becomes {"id":1,"result":{...}}. 0 or -ENOMEM. */
int protocol_put_output(FILE *out, const char *id, const char *bytes, size_t count, bool json)
    __attribute__((warn_unused_result));

/* {"id":1,"waiting":"waiting for web_1 to stop"}. 0 or -ENOMEM. */
int protocol_put_waiting(FILE *out, const char *id, const char *text)
    __attribute__((warn_unused_result));

/* The last line of an answer: {"id":1,"exit":0}; with an error, which may be any bytes,
 * {"id":1,"error":"...","exit":2}. 0 or -ENOMEM. */
void protocol_put_exit(FILE *out, const char *id, int exit_status);
int protocol_put_error(FILE *out, const char *id, const char *text, int exit_status)
    __attribute__((warn_unused_result));

#endif
