/* session_local.h - a session in this process: commands are calls of command.h. */
#ifndef SESSION_LOCAL_H
#define SESSION_LOCAL_H

#include "session.h"

/* Makes *out_session carry commands out on *env, which must outlive it. Holds nothing. */
void session_local_init(struct session *out_session, struct command_env *env);

#endif
