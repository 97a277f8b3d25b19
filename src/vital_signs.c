/* vital_signs.c - see vital_signs.h. */
#include "vital_signs.h"

#include <stdlib.h>
#include <string.h>

static char *copy_text(const char *text)
{
    return text ? strdup(text) : NULL;
}

struct vital_signs *vital_signs_copy(const struct vital_signs *signs)
{
    struct vital_signs *copy = signs ? malloc(sizeof *copy) : NULL;
    if (!copy)
        return NULL;
    *copy = *signs;
    copy->not_ready = copy_text(signs->not_ready);
    copy->unhealthy = copy_text(signs->unhealthy);
    copy->status = copy_text(signs->status);
    return copy;
}

void vital_signs_release(struct vital_signs *signs)
{
    free(signs->not_ready);
    free(signs->unhealthy);
    free(signs->status);
    *signs = (struct vital_signs){ .ready = false };
}

void vital_signs_free(struct vital_signs *signs)
{
    if (!signs)
        return;
    vital_signs_release(signs);
    free(signs);
}
