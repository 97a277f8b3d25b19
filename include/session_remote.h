/* session_remote.h - a session of a supervisor at the other end of a socket. Each command has a
 * connection of its own, so a supervisor that was restarted is simply there again. */
#ifndef SESSION_REMOTE_H
#define SESSION_REMOTE_H

#include "session.h"

/* Outlives the session's calls. */
struct session_remote {
    const char *path; /* of the socket */
    bool progress;    /* somebody wants to know what a silent command waits for */
};

/* Makes *out_session send commands to the supervisor at `where`. What is wrong with the connection
 * is said among what a call prints, and its exit status is EXIT_NO_ANSWER then. Holds nothing. */
void session_remote_init(struct session *out_session, struct session_remote *where);

#endif
