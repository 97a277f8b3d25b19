/* config_trust.h - whether root may do what a file says. Blocks on the disk; any thread.
 *
 * A configuration is a list of commands. Root does not take one from a file that everyone can
 * write or replace: the file's own permissions, those of each directory on the way to it, links
 * followed, and its owner where everyone can make files beside it (a sticky directory as /tmp).
 * What a group can write, and what its owner says, is the administrator's own decision. */
#ifndef CONFIG_TRUST_H
#define CONFIG_TRUST_H

#include <stdbool.h>
#include <sys/stat.h>

#include "problems.h"

/* Complains at `at`, with the cure, about a file of those permissions that root must not trust.
 * True: it may be used; always so where we are not root, and for
 * what has no name that others could give to something else: a device, a pipe of ours. */
bool config_trusts(struct problems *problems, struct place at, const char *path,
                   const struct stat *st);

#endif
