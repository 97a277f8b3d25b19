/* render_forms.h - the two forms of what render.h offers, where they are more than a line: internal
 * to the render*.c. All return 0 or -ENOMEM. */
#ifndef RENDER_FORMS_H
#define RENDER_FORMS_H

#include <cjson/cJSON.h>

#include "render.h"

struct launch;

int render_table(FILE *out, const struct snapshot_set *set, const struct render_style *style);
int render_status_json(FILE *out, const struct snapshot_set *set);

int render_page(FILE *out, const struct snapshot *snapshot, char *const *environment,
                const char *last_words, const struct render_style *style);
int render_page_json(FILE *out, const struct snapshot *snapshot, char *const *environment,
                     const char *last_words);

/* What SIGKILL reaches: "cgroup", or "group and orphans". */
const char *render_kill_text(const struct snapshot *snapshot);

/* The rows of a page about readiness and health: those that there are. */
typedef void render_put_row(const void *page, const char *label, const char *text);
int render_vitals(const struct snapshot *snapshot, render_put_row *put_row, const void *page);

int render_change(FILE *out, const struct change *change, const struct render_style *style);
int render_change_json(FILE *out, const struct change *change);

/* The lines of an outcome; none for one that nothing is to be said about. */
void render_outcome_lines(FILE *out, const struct answer *answer);
int render_outcome_json(FILE *out, const struct answer *answer);
int render_late_json(FILE *out, const struct snapshot *snapshot, const char *text);

/* Members of several objects. False when out of memory. */
bool render_add_identity(cJSON *object, const struct identity *id); /* name, task, instance */
bool render_add_instance(cJSON *object, const struct snapshot *snapshot, int64_t now_ms);
bool render_add_change(cJSON *object, const struct change *change); /* from, to, pid, reason */

bool render_add_vitals(cJSON *object, const struct snapshot *snapshot); /* ready, health, ... */

#endif
