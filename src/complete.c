/* complete.c - see complete.h. */
#include "complete.h"

#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "command.h"
#include "signame.h"

#define BLANKS " \t"
#define SIGNAL_MAX 31 /* the named ones */

/* A piece of a line or of a table's text. */
struct piece {
    const char *text;
    size_t length;
};

struct candidates {
    struct piece prefix;
    char **words;
    size_t count;
    size_t room;
    bool failed;
};

/* What the next word of a command may be. */
enum slot { SLOT_NONE, SLOT_TARGET, SLOT_SIGNAL, SLOT_COMMAND };

static bool piece_is(struct piece p, const char *text)
{
    return strlen(text) == p.length && memcmp(p.text, text, p.length) == 0;
}

/* Takes the next word of a text that ends at `end`. */
static bool next_word(const char **at, const char *end, struct piece *out_word)
{
    while (*at < end && strchr(BLANKS, **at) != NULL)
        (*at)++;
    if (*at == end)
        return false;
    out_word->text = *at;
    while (*at < end && strchr(BLANKS, **at) == NULL)
        (*at)++;
    out_word->length = (size_t)(*at - out_word->text);
    return true;
}

static bool is_known(const struct candidates *c, struct piece word)
{
    for (size_t i = 0; i < c->count; i++) {
        if (piece_is(word, c->words[i]))
            return true;
    }
    return false;
}

static void add_unseen(struct candidates *c, struct piece word)
{
    if (word.length < c->prefix.length || memcmp(word.text, c->prefix.text, c->prefix.length) != 0)
        return;
    if (c->count + 1 >= c->room) {
        size_t room = c->room * 2 + 16;
        char **words = realloc(c->words, room * sizeof *words);
        if (words == NULL) {
            c->failed = true;
            return;
        }
        c->words = words;
        c->room = room;
    }
    c->words[c->count] = strndup(word.text, word.length);
    if (c->words[c->count] == NULL)
        c->failed = true;
    else
        c->words[++c->count] = NULL;
}

static void add(struct candidates *c, struct piece word)
{
    if (!is_known(c, word))
        add_unseen(c, word);
}

static void add_text(struct candidates *c, const char *text)
{
    add(c, (struct piece){ text, strlen(text) });
}

/* A name comes twice only in a row (a task's and its only instance's), and there may be ten
 * thousand: none is looked for among all others. */
static void add_names(struct candidates *c, char *const *names, size_t count)
{
    add_text(c, "all");
    for (size_t i = 0; i < count; i++) {
        if (i == 0 || strcmp(names[i], names[i - 1]) != 0)
            add_unseen(c, (struct piece){ names[i], strlen(names[i]) });
    }
}

static void add_signals(struct candidates *c)
{
    for (int i = 1; i <= SIGNAL_MAX; i++) {
        const char *name = signame(i);
        add_text(c, name);
        if (c->prefix.length > 0 && strncmp(name, "SIG", 3) == 0)
            add_text(c, name + 3);
    }
}

static void add_commands(struct candidates *c)
{
    for (size_t i = 0; i < command_count(); i++)
        if (!command_at(i)->hidden)
            add_text(c, command_at(i)->name);
}

static const struct command_info *find_command(struct piece name)
{
    for (size_t i = 0; i < command_count(); i++) {
        if (piece_is(name, command_at(i)->name))
            return command_at(i);
    }
    return NULL;
}

/* The arguments of a row, word for word without brackets; *out_closed: a bracket ended there. */
static bool next_argument(const char **at, struct piece *out_word, bool *out_closed)
{
    if (!next_word(at, *at + strlen(*at), out_word))
        return false;
    while (out_word->length > 0 && out_word->text[0] == '[') {
        out_word->text++;
        out_word->length--;
    }
    *out_closed = false;
    while (out_word->length > 0 && out_word->text[out_word->length - 1] == ']') {
        out_word->length--;
        *out_closed = true;
    }
    return true;
}

static bool takes_value(const struct command_info *info, struct piece option)
{
    struct piece word;
    bool closed;
    const char *at = info->arguments;
    while (next_argument(&at, &word, &closed)) {
        if (word.length == option.length && memcmp(word.text, option.text, word.length) == 0)
            return !closed;
    }
    return false;
}

static void add_options(struct candidates *c, const struct command_info *info)
{
    struct piece word;
    bool closed;
    const char *at = info->arguments;
    while (next_argument(&at, &word, &closed)) {
        if (word.length > 0 && word.text[0] == '-')
            add(c, word);
    }
}

/* What the operand number `index` of a command is, from the words of its row. */
static enum slot slot_of(const struct command_info *info, size_t index)
{
    static const struct {
        const char *text;
        enum slot slot;
    } kinds[] = {
        { "TARGET", SLOT_TARGET },
        { "TARGET...", SLOT_TARGET },
        { "SIG", SLOT_SIGNAL },
        { "COMMAND", SLOT_COMMAND },
    };
    struct piece word;
    bool closed;
    bool is_value = false;
    const char *at = info->arguments;
    while (next_argument(&at, &word, &closed)) {
        bool is_option = word.length > 0 && word.text[0] == '-';
        bool operand = !is_option && !is_value;
        is_value = is_option && !closed;
        if (!operand)
            continue;
        bool repeats = word.length > 3 && memcmp(word.text + word.length - 3, "...", 3) == 0;
        if (index > 0 && !repeats) {
            index--;
            continue;
        }
        for (size_t i = 0; i < sizeof kinds / sizeof kinds[0]; i++) {
            if (piece_is(word, kinds[i].text))
                return kinds[i].slot;
        }
        return SLOT_NONE;
    }
    return SLOT_NONE;
}

/* Walks over the words before the cursor. */
static enum slot slot_after(const struct command_info *info, const char *at, const char *end)
{
    size_t operands = 0;
    bool is_value = false;
    struct piece word;
    while (next_word(&at, end, &word)) {
        if (is_value)
            is_value = false;
        else if (word.text[0] == '-' && word.length > 1)
            is_value = takes_value(info, word);
        else
            operands++;
    }
    return is_value ? SLOT_NONE : slot_of(info, operands);
}

static void add_arguments(struct candidates *c, const struct command_info *info, const char *at,
                          const char *end, char *const *names, size_t name_count)
{
    if (c->prefix.length > 0 && c->prefix.text[0] == '-') {
        add_options(c, info);
        return;
    }
    switch (slot_after(info, at, end)) {
    case SLOT_TARGET: add_names(c, names, name_count); break;
    case SLOT_SIGNAL: add_signals(c); break;
    case SLOT_COMMAND: add_commands(c); break;
    case SLOT_NONE: break;
    }
}

int complete(const char *line, size_t start, size_t end, char *const *names, size_t name_count,
             char ***out_words, size_t *out_count)
{
    struct candidates c = { .prefix = { line + start, end - start } };
    struct piece command;
    const char *at = line;
    c.room = 16;
    c.words = calloc(c.room, sizeof *c.words);
    if (c.words == NULL)
        return -ENOMEM;
    if (!next_word(&at, line + start, &command)) {
        add_commands(&c);
    } else {
        const struct command_info *info = find_command(command);
        if (info != NULL)
            add_arguments(&c, info, at, line + start, names, name_count);
    }
    if (c.failed) {
        complete_free(c.words);
        return -ENOMEM;
    }
    *out_words = c.words;
    *out_count = c.count;
    return 0;
}

void complete_free(char **words)
{
    for (size_t i = 0; words != NULL && words[i] != NULL; i++)
        free(words[i]);
    free(words);
}
