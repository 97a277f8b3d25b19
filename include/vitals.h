/* vitals.h - the readiness and health of one instance: its probe, its notify socket, and what they
 * have brought to light. vital_rules.h decides; here it is done. Only an instance whose task asks
 * for one of the two has any.
 *
 * Belongs to the monitor's thread, as its instance does. The watcher and the resolver post one note
 * for whatever there is to look at, and none while that is on its way; everything is then looked at
 * without waiting, so that a note which comes late can do no harm. */
#ifndef VITALS_H
#define VITALS_H

#include <stdbool.h>
#include <stdint.h>

struct instance;
struct launch_id;
struct vitals;

/* Before a start: takes what the configuration asks for, and makes the notify socket, if there is
 * to be one: its name goes to *id. 0; or -EAGAIN with *out_error, a text to free() or NULL. */
int vitals_prepare(struct instance *in, struct launch_id *id, char **out_error)
    __attribute__((warn_unused_result));

/* After each step of the state machine. What is not wanted any more is ended. */
void vitals_follow(struct instance *in);

/* There may be news: takes what has become of a probe, and what the task said. The state machine
 * may take a step, which calls vitals_follow() before this returns. */
void vitals_look(struct instance *in);

/* When vitals_due() is, INT64_MAX for never. */
int64_t vitals_deadline_ms(const struct instance *in);

/* Does what is due, if anything is. */
void vitals_due(struct instance *in);

/* A probe is under way, or was killed and is not gone yet. */
bool vitals_linger(const struct instance *in);

void vitals_release(struct instance *in);

#endif
