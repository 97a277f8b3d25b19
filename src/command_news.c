/* command_news.c - news: what happens to tasks without anybody asking, for as long as the call
 * lives: those that went FATAL, with the reason and the end of their stderr log. */
#include "call.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "journal.h"
#include "lastwords.h"
#include "reason.h"
#include "render.h"
#include "termsafe.h"

#define LOG_LINES 5
#define INDENT "    "
#define SHOWN_MAX 10 /* at once: a broken configuration may have thousands */

struct news {
    struct follower *follower;
    uint64_t next; /* the number of the next entry to look at */
    struct lastwords *words;

    /* What came at once, and is being told: */
    struct change shown[SHOWN_MAX];
    size_t shown_count;
    size_t told;  /* of these */
    size_t count; /* with those that are not shown */
    uint64_t missed;
};

static void news_release(struct call *call)
{
    struct news *news = call->state;
    journal_unfollow(call->env.journal, news->follower);
    lastwords_free(news->words);
    for (size_t i = news->told; i < news->shown_count; i++)
        change_release(&news->shown[i]);
    free(news);
    call->state = NULL;
}

static void print_change(struct call *call, const struct change *change, const char *words,
                         FILE *out)
{
    const struct command_style *style = &call->style;
    struct termsafe filter = { 0 };
    char *why = reason_text(change->why, change->detail);
    fprintf(out, "Process '%s' is %sFATAL%s: ", change->id->name, style->colour ? "\033[31m" : "",
            style->colour ? "\033[0m" : "");
    if (why != NULL)
        termsafe_write(&filter, out, why, strlen(why));
    termsafe_end(&filter, out);
    fputc('\n', out);
    free(why);
    if (words == render_unreadable)
        fprintf(out, INDENT "%s\n", words);
    else if (words != NULL)
        fputs(words, out);
}

/* False: its last words are still being read. */
static bool tell(struct call *call, const struct change *change, FILE *out)
{
    const struct render_style style = call_style(call);
    struct news *news = call->state;
    char *words = NULL;
    if (style.json) {
        (void)render_event(out, change, &style); /* out of memory: then this one is not told */
        return true;
    }
    int error = lastwords_get(news->words, change->id, &words);
    if (error == -EAGAIN)
        return false;
    print_change(call, change, error ? render_unreadable : words, out);
    free(words);
    return true;
}

static void print_rest(const struct call *call, FILE *out)
{
    const struct news *news = call->state;
    if (call->style.json)
        return;
    if (news->count > SHOWN_MAX)
        fprintf(out, "%zu more went FATAL: see 'status'\n", news->count - SHOWN_MAX);
    if (news->missed > 0)
        fprintf(out, "%" PRIu64 " state changes went by unseen: see 'status'\n", news->missed);
}

/* Takes what there is; false: nothing to tell. */
static bool collect(struct call *call)
{
    struct news *news = call->state;
    struct change change;
    uint64_t missed = 0;
    news->shown_count = news->told = news->count = 0;
    news->missed = 0;
    while (journal_read(call->env.journal, &news->next, &change, &missed) == 0) {
        news->missed += missed;
        bool fatal = change.to == ST_FATAL && change.id != NULL;
        if (fatal && ++news->count <= SHOWN_MAX)
            news->shown[news->shown_count++] = change;
        else
            change_release(&change);
    }
    return news->count > 0 || news->missed > 0;
}

static void news_step(struct call *call, FILE *out)
{
    struct news *news = call->state;
    while (news->told < news->shown_count || collect(call)) {
        for (; news->told < news->shown_count; news->told++) {
            if (!tell(call, &news->shown[news->told], out))
                return;
            change_release(&news->shown[news->told]);
        }
        print_rest(call, out);
    }
}

void command_news(struct call *call, FILE *out)
{
    static const struct call_ops ops = { .step = news_step, .release = news_release };
    const struct logview_form form = { LOG_LINES, INDENT, call->style.width != 0 };
    struct news *news = calloc(1, sizeof *news);
    if (news) {
        news->next = journal_next(call->env.journal);
        news->words = lastwords_new(call, &form);
        if (news->words)
            news->follower = journal_follow(call->env.journal, call_wake, call);
    }
    if (!news || !news->follower) {
        if (news)
            lastwords_free(news->words);
        free(news);
        call_refuse(call, out, -ENOMEM);
        return;
    }
    call->state = news;
    call->ops = &ops;
}
