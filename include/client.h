/* client.h - one command carried out by the supervisor behind a control socket: a connection, a
 * request, the replies. Never blocks, as a call of command.h never does.
 *
 * A client belongs to one thread. */
#ifndef CLIENT_H
#define CLIENT_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include "client_message.h"

struct client;

/* No full answer has come: the exit status where client_problem() says more. */
#define CLIENT_NO_ANSWER 4

/* A client for one request to the supervisor at `path`; both are copied. With until_gone, a command
 * that was done (exit status 0) is over only when the connection has been closed, that is, when
 * the supervisor has ended. To client_free(), or NULL with an errno, when out of memory or of
 * descriptors. */
struct client *client_new(const char *path, const struct client_request *request, bool until_gone);

/* Becomes readable when client_run() has something to do. */
int client_fd(const struct client *client);

/* When client_run() is to be called at the latest, or INT64_MAX. */
int64_t client_deadline_ms(const struct client *client);

/* Connects, sends, and prints to `out` what has been received. True when the command is over, with
 * its exit status in *out_exit. To be called once right after client_new(). What it prints at
 * one time is bounded, but for a single reply. */
bool client_run(struct client *client, FILE *out, int *out_exit);

/* What is wrong with the connection: "no supervisor answers at '/x': No such file or directory
 * (...)"; NULL: nothing. It lives as long as the client does. */
const char *client_problem(const struct client *client);

/* Has a supervisor been there at all? */
bool client_was_connected(const struct client *client);

/* What the supervisor says that the command waits for; NULL: nothing. */
const char *client_waiting_for(const struct client *client);

/* Closes the connection; nothing is cancelled. NULL is fine. */
void client_free(struct client *client);

#endif
