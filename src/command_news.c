/* command_news.c - news: what happens to tasks without anybody asking, for as long as the call
 * lives: those that went FATAL, with the reason and the end of their stderr log. */
#include "call.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "journal.h"
#include "logview.h"
#include "reason.h"
#include "render.h"
#include "termsafe.h"

#define LOG_LINES 5
#define SHOWN_MAX 10 /* at once: a broken configuration may have thousands */

struct news {
    struct follower *follower;
    uint64_t next; /* the number of the next entry to look at */
};

static void news_release(struct call *call)
{
    struct news *news = call->state;
    journal_unfollow(call->env.journal, news->follower);
    free(news);
    call->state = NULL;
}

static void print_change(struct call *call, const struct change *change, FILE *out)
{
    const struct command_style *style = &call->style;
    struct termsafe filter = { 0 };
    if (style->json) {
        const struct render_style form = call_style(call);
        (void)render_event(out, change, &form); /* out of memory: then this one is not told */
        return;
    }
    char *why = reason_text(change->why, change->detail);
    fprintf(out, "Process '%s' is %sFATAL%s: ", change->id->name, style->colour ? "\033[31m" : "",
            style->colour ? "\033[0m" : "");
    if (why != NULL)
        termsafe_write(&filter, out, why, strlen(why));
    termsafe_end(&filter, out);
    fputc('\n', out);
    free(why);
    logview_print_stderr(out, change->id, call->env.environment, style, "    ", LOG_LINES);
}

static void print_rest(const struct call *call, size_t count, uint64_t missed, FILE *out)
{
    if (call->style.json)
        return;
    if (count > SHOWN_MAX)
        fprintf(out, "%zu more went FATAL: see 'status'\n", count - SHOWN_MAX);
    if (missed > 0)
        fprintf(out, "%" PRIu64 " state changes went by unseen: see 'status'\n", missed);
}

static void news_step(struct call *call, FILE *out)
{
    struct news *news = call->state;
    size_t count = 0;
    uint64_t missed = 0;
    uint64_t missed_now = 0;
    struct change change;
    while (journal_read(call->env.journal, &news->next, &change, &missed_now) == 0) {
        missed += missed_now;
        if (change.to == ST_FATAL && change.id != NULL && ++count <= SHOWN_MAX)
            print_change(call, &change, out);
        change_release(&change);
    }
    print_rest(call, count, missed, out);
}

void command_news(struct call *call, FILE *out)
{
    static const struct call_ops ops = { .step = news_step, .release = news_release };
    struct news *news = calloc(1, sizeof *news);
    if (news) {
        news->next = journal_next(call->env.journal);
        news->follower = journal_follow(call->env.journal, call_wake, call);
    }
    if (!news || !news->follower) {
        free(news);
        call_refuse(call, out, -ENOMEM);
        return;
    }
    call->state = news;
    call->ops = &ops;
}
