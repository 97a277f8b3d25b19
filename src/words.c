/* words.c - see words.h. A hand-written scanner that gives up, in favour of the shell, at the
 * first thing that is more than words. */
#include "words.h"

#include <ctype.h>
#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "expand.h"

struct scanner {
    const char *p;
    char *word; /* room for the longest word there can be */
    size_t length;
    char **words;
    size_t count, room;
    const char *problem; /* set with -EINVAL */
};

/* First words that mean something in a shell and are no program, or another one, outside. */
static bool only_a_shell_knows(const char *word)
{
    static const char *const known[] = {
        "!",     "{",     "}",        "[[",      ".",        ":",       "alias",  "bg",
        "break", "case",  "cd",       "command", "continue", "do",      "done",   "elif",
        "else",  "esac",  "eval",     "exec",    "exit",     "export",  "fc",     "fg",
        "fi",    "for",   "function", "getopts", "hash",     "if",      "in",     "jobs",
        "local", "read",  "readonly", "return",  "set",      "shift",   "source", "then",
        "times", "trap",  "type",     "ulimit",  "umask",    "unalias", "unset",  "until",
        "wait",  "while",
    };
    for (size_t i = 0; i < sizeof known / sizeof known[0]; i++) {
        if (strcmp(word, known[i]) == 0)
            return true;
    }
    return false;
}

static bool is_space(char c)
{
    return c == ' ' || c == '\t' || c == '\n';
}

static void put(struct scanner *s, char c)
{
    s->word[s->length++] = c;
}

static void put_literal(struct scanner *s, char c)
{
    if (c == '$')
        put(s, '$'); /* "$$" is what expand() makes a dollar sign of */
    put(s, c);
}

/* A ${VAR} form, copied as it is. A default with quotes, $ or ` means more in a shell. */
static int scan_form(struct scanner *s)
{
    size_t length = expand_form_length(s->p);
    if (length == 0)
        return -ENOEXEC;
    for (size_t i = 0; i < length; i++) {
        if (i > 0 && strchr("\"'`\\$", s->p[i]))
            return -ENOEXEC;
        put(s, s->p[i]);
    }
    s->p += length;
    return 0;
}

static int scan_single_quotes(struct scanner *s)
{
    for (s->p++; *s->p != '\'';) {
        if (*s->p == '\0') {
            s->problem = "has a ' without its end";
            return -EINVAL;
        }
        if (s->p[0] == '$' && s->p[1] == '{') {
            int error = scan_form(s);
            if (error)
                return error;
        } else if (s->p[0] == '$' && s->p[1] == '$') {
            put_literal(s, '$');
            s->p += 2;
        } else {
            put_literal(s, *s->p++);
        }
    }
    s->p++;
    return 0;
}

static int scan_double_quotes(struct scanner *s)
{
    for (s->p++; *s->p != '"';) {
        int error = 0;
        if (*s->p == '\0') {
            s->problem = "has a \" without its end";
            error = -EINVAL;
        } else if (*s->p == '`') {
            error = -ENOEXEC;
        } else if (*s->p == '$') {
            error = scan_form(s);
        } else if (*s->p == '\\' && s->p[1] == '\n') {
            s->p += 2;
        } else if (*s->p == '\\' && s->p[1] && strchr("$`\"\\", s->p[1])) {
            put_literal(s, s->p[1]);
            s->p += 2;
        } else {
            put(s, *s->p++);
        }
        if (error)
            return error;
    }
    s->p++;
    return 0;
}

static int scan_backslash(struct scanner *s)
{
    char next = s->p[1];
    if (next == '\0') {
        s->problem = "ends in a lone '\\'";
        return -EINVAL;
    }
    if (next != '\n') /* else: the line goes on */
        put_literal(s, next);
    s->p += 2;
    return 0;
}

/* One word, quotes taken off. */
static int scan_word(struct scanner *s)
{
    const char *start = s->p;
    bool is_name = !isdigit((unsigned char)*s->p); /* so far a name to assign to */
    int error = 0;
    while (!error && *s->p && !is_space(*s->p)) {
        char c = *s->p;
        if (c == '\'') {
            error = scan_single_quotes(s);
        } else if (c == '"') {
            error = scan_double_quotes(s);
        } else if (c == '\\') {
            error = scan_backslash(s);
        } else if (c == '$') {
            error = scan_form(s);
        } else if (strchr(";|&<>()`*?[", c) || ((c == '~' || c == '#') && s->p == start) ||
                   (c == '=' && is_name && s->p > start && s->count == 0)) {
            error = -ENOEXEC;
        } else {
            put(s, c);
            s->p++;
        }
        is_name = is_name && (isalnum((unsigned char)c) || c == '_');
    }
    return error;
}

static int add_word(struct scanner *s)
{
    if (s->count + 1 >= s->room) {
        size_t room = s->room ? s->room * 2 : 8;
        char **words = reallocarray(s->words, room, sizeof *words);
        if (!words)
            return -ENOMEM;
        s->words = words;
        s->words[s->count] = NULL;
        s->room = room;
    }
    char *copy = strndup(s->word, s->length);
    if (!copy)
        return -ENOMEM;
    s->words[s->count++] = copy;
    s->words[s->count] = NULL;
    s->length = 0;
    return 0;
}

/* Skips what stands between words. A newline with more behind it separates commands. */
static int skip_space(struct scanner *s)
{
    bool newline = false;
    for (;; s->p++) {
        if (s->p[0] == '\\' && s->p[1] == '\n')
            s->p++;
        else if (!is_space(*s->p))
            break;
        else if (*s->p == '\n')
            newline = true;
    }
    return newline && *s->p && s->count > 0 ? -ENOEXEC : 0;
}

static int scan(struct scanner *s)
{
    int error = skip_space(s);
    while (!error && *s->p) {
        error = scan_word(s);
        if (!error)
            error = add_word(s);
        if (!error && s->count == 1 && only_a_shell_knows(s->words[0]))
            error = -ENOEXEC;
        if (!error)
            error = skip_space(s);
    }
    if (!error && s->count == 0) {
        s->problem = "is empty";
        error = -EINVAL;
    }
    return error;
}

int words_split(const char *text, char ***out_words, size_t *out_count, const char **out_problem)
{
    struct scanner s = { .p = text, .word = malloc(2 * strlen(text) + 1) };
    if (!s.word)
        return -ENOMEM;
    int error = scan(&s);
    free(s.word);
    if (error) {
        words_free(s.words);
        if (error == -EINVAL)
            *out_problem = s.problem;
        return error;
    }
    *out_words = s.words;
    *out_count = s.count;
    return 0;
}

void words_free(char **words)
{
    for (char **word = words; word && *word; word++)
        free(*word);
    free(words);
}

static bool is_plain(const char *word)
{
    if (*word == '\0')
        return false;
    for (; *word; word++) {
        size_t form = expand_form_length(word);
        if (form > 0)
            word += form - 1;
        else if (!isalnum((unsigned char)*word) && !strchr("_@%+=:,./-", *word))
            return false;
    }
    return true;
}

static void print_quoted(FILE *out, const char *word)
{
    fputc('\'', out);
    for (; *word; word++) {
        if (*word == '\'')
            fputs("'\\''", out);
        else
            fputc(*word, out);
    }
    fputc('\'', out);
}

char *words_join(char *const *words)
{
    char *text = NULL;
    size_t size;
    FILE *out = open_memstream(&text, &size);
    if (!out)
        return NULL;
    for (size_t i = 0; words[i]; i++) {
        if (i > 0)
            fputc(' ', out);
        if (is_plain(words[i]))
            fputs(words[i], out);
        else
            print_quoted(out, words[i]);
    }
    bool failed = ferror(out);
    if (fclose(out) != 0 || failed) {
        free(text);
        return NULL;
    }
    return text;
}
