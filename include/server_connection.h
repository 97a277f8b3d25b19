/* server_connection.h - one client of the control server: its requests, carried out one at a time
 * and in order, and what is on its way to it. Never waits; belongs to the server's thread. */
#ifndef SERVER_CONNECTION_H
#define SERVER_CONNECTION_H

#include <poll.h>
#include <stdbool.h>
#include <stdint.h>

#include "command.h"

struct connection;

struct connection_env {
    struct command_env commands;
    void (*on_shutdown)(void *arg); /* see server_start() */
    void *arg;
};

/* For the socket `fd`, which is the connection's then. NULL: out of memory; it is the caller's. */
struct connection *connection_new(const struct connection_env *env, int fd);

/* Drops everything and closes the socket; but not that of a client that has asked for the shutdown,
 * when the program is `ending`. NULL is fine. */
void connection_free(struct connection *connection, bool ending);

/* What it waits for: sets so many of fds[], and returns how many; and until when at the latest (0:
 * it has work to do; INT64_MAX). None is set in vain: poll(2) refuses more than may be open. */
enum { CONNECTION_FDS = 2 };
nfds_t connection_wants(struct connection *connection, struct pollfd fds[CONNECTION_FDS]);
int64_t connection_deadline_ms(struct connection *connection);

/* Does what can be done now, no more than one request at a time. */
void connection_serve(struct connection *connection, const struct pollfd *fds, nfds_t count);

/* Is there nothing more to do for it? Then it is to be freed. */
bool connection_is_over(const struct connection *connection);

/* The server ends: answers what has been asked, and takes no more. */
void connection_finish(struct connection *connection);

#endif
