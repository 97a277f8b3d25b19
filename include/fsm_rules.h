/* fsm_rules.h - the rules that the table in fsm.c is made of; for fsm.c only. Each says what an
 * event means in the states that the table gives it for, and answers ACT_BUG where a detail of
 * the state contradicts the event (an exit of a process that was never started). */
#ifndef FSM_RULES_H
#define FSM_RULES_H

#include "fsm.h"

typedef struct fsm_step fsm_rule(struct fsm f, const struct fsm_policy *p, struct fsm_event ev);

fsm_rule rule_start, rule_ignore, rule_retire, rule_note_needs, rule_stop_nothing,
    rule_needs_changed, rule_stop, rule_restart, rule_spawned, rule_spawn_failed,
    rule_exited_by_itself, rule_start_over, rule_ready, rule_unhealthy, rule_retry,
    rule_start_after_stop, rule_stop_wins, rule_kill_now, rule_exited_as_asked, rule_group_empty;

#endif
