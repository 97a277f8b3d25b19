/* shell_news.c - see shell_news.h. */
#include "shell_news.h"

#include <stdio.h>
#include <stdlib.h>

void shell_news_begin(struct shell_news *news, const struct session *session,
                      const struct command_style *style)
{
    char name[] = "news";
    char *words[] = { name, NULL };
    if (!news->wanted || news->call != NULL)
        return;
    news->call = session_start(session, style, 1, words);
    news->wanted = false;
    news->fresh = true;
}

char *shell_news_take(struct shell_news *news)
{
    char *text = NULL;
    size_t length = 0;
    int status = EXIT_DONE;
    FILE *out = news->call == NULL ? NULL : open_memstream(&text, &length);
    if (out == NULL)
        return NULL;
    bool over = session_call_run(news->call, out, &status);
    fclose(out);
    bool said = length > 0 && !(over && (news->fresh || status == EXIT_USAGE));
    news->fresh = false;
    if (over)
        shell_news_drop(news);
    if (said)
        return text;
    free(text);
    return NULL;
}

void shell_news_drop(struct shell_news *news)
{
    session_call_free(news->call);
    *news = (struct shell_news){ 0 };
}
