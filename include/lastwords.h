/* lastwords.h - the last lines of the stderr logs of instances, one instance after the other, for a
 * call that can do without them: a disk that hangs has it wait for a second, and then no more.
 *
 * Belongs to the call's thread. */
#ifndef LASTWORDS_H
#define LASTWORDS_H

#include "call.h"
#include "logview.h"

struct lastwords;

/* For `call`, of which it sets the deadline. To lastwords_free(), or NULL: out of memory. */
struct lastwords *lastwords_new(struct call *call, const struct logview_form *form);
void lastwords_free(struct lastwords *words); /* never waits; NULL is fine */

/* The lines of the instance `id`. 0 with *out_text, a string to free() (NULL: there are none);
 * -EAGAIN: they are being read, to be asked for again, of the same instance, when the call runs
 * next; -ETIMEDOUT: they cannot be read at the moment. Never waits. */
int lastwords_get(struct lastwords *words, const struct identity *id, char **out_text)
    __attribute__((warn_unused_result));

#endif
