/* logshow.h - the bytes of one log, as they come, in the form that a call wants: as they are, safe
 * for a terminal, or as JSON, an object a line. Pure; belongs to one thread. */
#ifndef LOGSHOW_H
#define LOGSHOW_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

#include "command.h"
#include "termsafe.h"

#define LOGSHOW_LINE_BYTES 65536 /* of an object; a longer line comes in several */

struct logshow {
    const char *name;   /* of the instance, and... */
    const char *stream; /* ... "stdout" or "stderr": of the objects */
    bool json;
    bool terminal;
    struct termsafe filter;
    char *line; /* JSON: what there is of a line whose end has not come yet */
    size_t kept;
    size_t room;
};

/* Texts must outlive it. To logshow_release(). */
void logshow_init(struct logshow *show, const char *name, const char *stream,
                  const struct command_style *style);
void logshow_release(struct logshow *show); /* one of zero bytes is fine */

/* Prints the next bytes; as JSON, the lines that are whole. 0 or -ENOMEM. */
int logshow_write(struct logshow *show, const char *bytes, size_t count, FILE *out)
    __attribute__((warn_unused_result));

/* There is no more to come: prints what was held back. 0 or -ENOMEM. */
int logshow_end(struct logshow *show, FILE *out) __attribute__((warn_unused_result));

#endif
