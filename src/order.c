/* order.c - see order.h. */
#include "order.h"

#include <stdlib.h>
#include <string.h>

#include "reason.h"

struct order *order_new(enum order_kind kind, struct reason why, struct reply *reply)
{
    struct order *order = calloc(1, sizeof *order);
    if (order)
        *order = (struct order){ .kind = kind, .why = why, .reply = reply };
    return order;
}

void order_free(struct order *order)
{
    if (!order)
        return;
    identity_unref(order->id);
    free(order);
}

void order_answer(struct order *order, struct answer *answer)
{
    answer->kind = ANSWER_OUTCOME;
    if (order->reply)
        reply_send(order->reply, answer);
    else
        answer_release(answer);
    order_free(order);
}

static bool settle(struct answer *out, enum outcome outcome)
{
    out->outcome = outcome;
    return true;
}

static bool overtaken(struct answer *out, const struct order *order, const struct fsm *after)
{
    if (after->why.why == WHY_SHUTDOWN)
        return settle(out, OUT_SHUTTING_DOWN);
    const char *text = order->kind == ORDER_START ? "start overtaken by stop"
                                                  : "restart overtaken by stop";
    out->text = strdup(text);
    return settle(out, OUT_OVERTAKEN);
}

static bool failed(struct answer *out, const struct order_view *v)
{
    out->text = reason_text(v->after->why, v->detail);
    return settle(out, OUT_FAILED);
}

/* How long was waited for what had to be killed: the grace, or less if somebody was impatient. */
static int64_t waited_ms(const struct order_view *v)
{
    int64_t waited_ms = v->before->kill_ms - v->before->since_ms;
    return waited_ms < v->grace_ms ? waited_ms : v->grace_ms;
}

static bool up(struct answer *out, const struct order *order, const struct order_view *v)
{
    out->pid = v->pid;
    out->ms = order->killed_ms;
    out->count = order->killed;
    return settle(out, order->was_alive ? OUT_RESTARTED : OUT_STARTED);
}

/* A start, and the second half of a restart. */
static bool start_settled(const struct order *order, const struct order_view *v, struct answer *out)
{
    bool stopping = v->ev->kind == EV_STOP || v->ev->kind == EV_RETIRE;
    if (stopping && !v->fresh)
        return overtaken(out, order, v->after);
    if (v->after->state == ST_FATAL)
        return failed(out, v);
    if (order->wait) {
        /* One that was to end soon, and did as expected, was started all right. */
        bool ended_well = v->after->state == ST_STOPPED && !v->fresh;
        return v->after->state == ST_RUNNING || ended_well ? up(out, order, v) : false;
    }
    if (v->ev->kind == EV_SPAWNED)
        return up(out, order, v);
    if (v->ev->kind == EV_SPAWN_FAILED)
        return failed(out, v);
    return false;
}

/* A retirement speaks only of processes that it ended. */
static bool stop_settled(const struct order *order, const struct order_view *v, struct answer *out)
{
    bool retires = order->kind == ORDER_RETIRE;
    if (v->fresh && retires && v->after->state == ST_STOPPED)
        return settle(out, OUT_NOTHING);
    if (v->fresh && v->before->state == ST_STOPPED)
        return settle(out, OUT_NOT_RUNNING);
    if (v->after->state == ST_STOPPING)
        return false;
    if (v->before->state != ST_STOPPING || !v->before->killed)
        return settle(out, OUT_STOPPED);
    out->ms = waited_ms(v);
    out->count = v->killed;
    return settle(out, OUT_KILLED);
}

bool order_settled(struct order *order, const struct order_view *v, struct answer *out)
{
    switch (order->kind) {
    case ORDER_START:
        if (v->fresh &&
            (v->before->state == ST_RUNNING || (v->before->state == ST_STARTED && !order->wait)))
            return settle(out, OUT_ALREADY_RUNNING);
        return start_settled(order, v, out);
    case ORDER_RESTART:
    case ORDER_CONFIGURE:
        if (v->fresh)
            order->was_alive = v->before->alive;
        if (v->before->state == ST_STOPPING && v->after->state != ST_STOPPING &&
            v->before->killed) {
            order->killed_ms = waited_ms(v);
            order->killed = v->killed;
        }
        return start_settled(order, v, out);
    case ORDER_STOP:
    case ORDER_RETIRE: return stop_settled(order, v, out);
    case ORDER_SIGNAL: break;
    }
    return settle(out, OUT_NOTHING);
}
