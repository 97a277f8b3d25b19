/* leftovers_find.h - finding what is left of dead supervisors; for leftovers.c only. */
#ifndef LEFTOVERS_FIND_H
#define LEFTOVERS_FIND_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#include "marker.h"

struct leftover {
    pid_t pid;
    int pidfd;
    char *name; /* of its instance, or NULL */
    bool given_up;
};

struct leftover_list {
    struct leftover *items;
    size_t count;
    size_t room;
};

/* Adds all there are to an empty list. 0 or a negative errno. */
int leftovers_find(const struct marker *ours, struct leftover_list *list)
    __attribute__((warn_unused_result));

void leftover_release(struct leftover *leftover);
void leftovers_release(struct leftover_list *list);

/* Removes cgroups of dead supervisors, as far as they are empty. */
void leftovers_remove_cgroups(const struct marker *ours);

#endif
