/* loader.h - reads the configuration again, on a thread of its own, so that neither a slow disk
 * nor a hung one holds up anything but the reload itself. Reloads are read one after the other
 * and posted whole to the manager, in that order. */
#ifndef LOADER_H
#define LOADER_H

#include <stdbool.h>
#include <stdint.h>

#include "manager.h"

struct loader;

/* Starts the thread. Texts must outlive the loader. 0 or a negative errno. */
int loader_new(const char *path, char *const *environment, struct manager *manager,
               struct loader **out_loader) __attribute__((warn_unused_result));

/* Asks for a reload. One share of `reply` (reply_owe; NULL: nobody asks, the outcome is logged)
 * goes with the request: it gets ANSWER_ERRORS and ANSWER_ROUTED, or what the manager answers.
 * 0, or -EAGAIN with so many waiting that this one would do nothing more. Any thread. */
int loader_post(struct loader *loader, struct reply *reply, bool dry_run)
    __attribute__((warn_unused_result));

/* Ends the thread, waiting for a load under way until deadline_ms. 0; or -ETIMEDOUT: a hung disk
 * has it, it goes on using what it was given, and only the end of the process ends it. NULL is
 * fine. */
int loader_free(struct loader *loader, int64_t deadline_ms);

#endif
