/* shell_news.h - what happened to tasks without anybody asking: those that went FATAL, with the
 * reason and the end of their stderr log. One thread. */
#ifndef SHELL_NEWS_H
#define SHELL_NEWS_H

#include "command.h"

struct shell_news;

/* News from now on; hook(arg) is called, on a monitor's thread, when there may be some.
 * 0 with *out_news to shell_news_free(), or -ENOMEM. */
int shell_news_new(const struct command_env *env, void (*hook)(void *arg), void *arg,
                   struct shell_news **out_news) __attribute__((warn_unused_result));
void shell_news_free(struct shell_news *news); /* NULL is fine */

/* What has become known since the last call, as lines. A string to free(), or NULL: nothing. */
char *shell_news_take(struct shell_news *news, const struct command_style *style);

#endif
