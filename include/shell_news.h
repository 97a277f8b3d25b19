/* shell_news.h - what happens to tasks without anybody asking: the command `news`, under way beside
 * whatever the user does. One thread. */
#ifndef SHELL_NEWS_H
#define SHELL_NEWS_H

#include "session.h"

/* All zero: nobody wants any. */
struct shell_news {
    struct session_call *call; /* NULL: not under way */
    bool wanted;               /* to be started when there is time */
    bool fresh;                /* it has not run yet */
};

/* Starts `news`, where it is wanted and not under way. */
void shell_news_begin(struct shell_news *news, const struct session *session,
                      const struct command_style *style);

/* What has become known since the last time, as lines. A string to free(), or NULL: nothing. Where
 * the supervisor is lost it says so, and ends; not where there was none from the start. */
char *shell_news_take(struct shell_news *news);

/* Ends it without a word. */
void shell_news_drop(struct shell_news *news);

#endif
