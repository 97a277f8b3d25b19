/* shell_news.c - see shell_news.h. */
#include "shell_news.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "journal.h"
#include "logview.h"
#include "reason.h"
#include "termsafe.h"

#define LOG_LINES 5
#define SHOWN_MAX 10 /* at once: a broken configuration may have thousands */

struct shell_news {
    const struct command_env *env;
    struct follower *follower;
    uint64_t next;
};

int shell_news_new(const struct command_env *env, void (*hook)(void *arg), void *arg,
                   struct shell_news **out_news)
{
    struct shell_news *news = calloc(1, sizeof *news);
    if (news == NULL)
        return -ENOMEM;
    news->env = env;
    news->next = journal_next(env->journal);
    news->follower = journal_follow(env->journal, hook, arg);
    if (news->follower == NULL) {
        free(news);
        return -ENOMEM;
    }
    *out_news = news;
    return 0;
}

void shell_news_free(struct shell_news *news)
{
    if (news == NULL)
        return;
    journal_unfollow(news->env->journal, news->follower);
    free(news);
}

static void print_change(const struct shell_news *news, const struct change *change,
                         const struct command_style *style, FILE *out)
{
    struct termsafe filter = { 0 };
    char *why = reason_text(change->why, change->detail);
    fprintf(out, "Process '%s' is %sFATAL%s: ", change->id->name, style->colour ? "\033[31m" : "",
            style->colour ? "\033[0m" : "");
    if (why != NULL)
        termsafe_write(&filter, out, why, strlen(why));
    termsafe_end(&filter, out);
    fputc('\n', out);
    free(why);
    logview_print_stderr(out, change->id, news->env->environment, style, "    ", LOG_LINES);
}

static void print_rest(size_t count, uint64_t missed, FILE *out)
{
    if (count > SHOWN_MAX)
        fprintf(out, "%zu more went FATAL: see 'status'\n", count - SHOWN_MAX);
    if (missed > 0)
        fprintf(out, "%llu state changes went by unseen: see 'status'\n",
                (unsigned long long)missed);
}

char *shell_news_take(struct shell_news *news, const struct command_style *style)
{
    char *text = NULL;
    size_t length = 0;
    size_t count = 0;
    uint64_t missed = 0;
    uint64_t missed_now = 0;
    struct change change;
    if (journal_next(news->env->journal) == news->next)
        return NULL;
    FILE *out = open_memstream(&text, &length);
    if (out == NULL)
        return NULL;
    while (journal_read(news->env->journal, &news->next, &change, &missed_now) == 0) {
        missed += missed_now;
        if (change.to == ST_FATAL && change.id != NULL && ++count <= SHOWN_MAX)
            print_change(news, &change, style, out);
        change_release(&change);
    }
    print_rest(count, missed, out);
    fclose(out);
    if (length > 0)
        return text;
    free(text);
    return NULL;
}
