/* server.h - the control server: a thread that carries out the commands of clients on the control
 * socket, and waits in one poll() for all of them. src/PROTOCOL.md is what it speaks.
 *
 * However slow, silent, numerous or gone clients are: they hold up nothing but themselves. */
#ifndef SERVER_H
#define SERVER_H

#include <stdint.h>

#include "command.h"

struct control_socket;
struct server;

#define SERVER_CLIENTS_MAX 64

/* Starts serving at `socket`, which stays the caller's and is the server's to use until
 * server_stop() returned 0. on_shutdown(arg) is called on the server's thread when a client has
 * asked for a shutdown (the manager has been told already); it must not block. 0 or a negative
 * errno. */
int server_start(const struct command_env *env, struct control_socket *socket,
                 void (*on_shutdown)(void *arg), void *arg, struct server **out_server)
    __attribute__((warn_unused_result));

/* Has the socket's file looked after (SIGUSR1). Any thread; never waits. NULL is fine. */
void server_recheck(struct server *server);

/* Tells the server to end, and does not wait for it: for a program that ends several things at
 * once. Any thread. NULL is fine. */
void server_tell_stop(struct server *server);

/* Tells the server to end and waits until deadline_ms. Clients that wait get their answers, as far
 * as there are any and they take them in a moment. Connections over which the shutdown was asked
 * for are left open on purpose: a client that reads the end of file knows that the process has
 * ended. 0, and the server is freed; or -ETIMEDOUT: a hung disk has it, it goes on using what it
 * was given, and only the end of the process ends it. NULL is fine. */
int server_stop(struct server *server, int64_t deadline_ms);

#endif
