/* vital_signs.h - what is shown of an instance's readiness and health. A value belongs to whoever
 * holds it. */
#ifndef VITAL_SIGNS_H
#define VITAL_SIGNS_H

#include <stdbool.h>
#include <stdint.h>

/* Texts are foreign bytes, or NULL where there is nothing to say. */
struct vital_signs {
    bool ready;           /* this life of it has come so far */
    int64_t ready_ms;     /* after so long */
    char *not_ready;      /* why the last probe failed */
    unsigned long checks; /* of health, or signs of life, since it was RUNNING */
    long failures;        /* in a row */
    char *unhealthy;      /* why the last one failed */
    char *status;         /* what it said last with STATUS= */
    bool stopping;        /* it said STOPPING=1 */
};

/* A copy to vital_signs_free(); NULL when out of memory, or for NULL. */
struct vital_signs *vital_signs_copy(const struct vital_signs *signs);
void vital_signs_release(struct vital_signs *signs); /* leaves it empty */
void vital_signs_free(struct vital_signs *signs);    /* NULL is fine */

#endif
