/* problems.c - see problems.h. */
#include "problems.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct problem {
    struct place at;
    size_t order; /* in which it was found, to keep the sort stable */
    char *message;
};

struct problems {
    struct problem *items;
    size_t count, room;
    bool out_of_memory;
};

struct problems *problems_new(void)
{
    return calloc(1, sizeof(struct problems));
}

void problems_free(struct problems *problems)
{
    if (!problems)
        return;
    for (size_t i = 0; i < problems->count; i++)
        free(problems->items[i].message);
    free(problems->items);
    free(problems);
}

static bool grow(struct problems *problems)
{
    if (problems->count < problems->room)
        return true;
    size_t room = problems->room ? problems->room * 2 : 16;
    struct problem *items = reallocarray(problems->items, room, sizeof *items);
    if (!items)
        return false;
    problems->items = items;
    problems->room = room;
    return true;
}

void problems_add(struct problems *problems, struct place at, const char *format, ...)
{
    char *message;
    va_list arguments;
    va_start(arguments, format);
    int length = vasprintf(&message, format, arguments);
    va_end(arguments);
    if (length < 0) {
        problems->out_of_memory = true;
        return;
    }
    if (!grow(problems)) {
        free(message);
        problems->out_of_memory = true;
        return;
    }
    size_t order = problems->count++;
    problems->items[order] = (struct problem){ at, order, message };
}

void problems_set_out_of_memory(struct problems *problems)
{
    problems->out_of_memory = true;
}

bool problems_out_of_memory(const struct problems *problems)
{
    return problems->out_of_memory;
}

size_t problems_count(const struct problems *problems)
{
    return problems->count;
}

static int compare_places(const struct place *a, const struct place *b)
{
    if (a->source->order != b->source->order)
        return a->source->order < b->source->order ? -1 : 1;
    if (a->line != b->line)
        return a->line < b->line ? -1 : 1;
    return (a->column > b->column) - (a->column < b->column);
}

static int compare(const void *left, const void *right)
{
    const struct problem *a = left, *b = right;
    int order = compare_places(&a->at, &b->at);
    return order ? order : (a->order > b->order) - (a->order < b->order);
}

/* A value in 'defaults' or behind an alias is read for each task that uses it. */
static bool told_before(const struct problems *problems, size_t i)
{
    const struct problem *items = problems->items;
    for (size_t j = i; j > 0 && compare_places(&items[j - 1].at, &items[i].at) == 0; j--) {
        if (strcmp(items[j - 1].message, items[i].message) == 0)
            return true;
    }
    return false;
}

static void print_clean(FILE *out, const char *text)
{
    for (; *text; text++) {
        unsigned char c = (unsigned char)*text;
        fputc(c < ' ' || c == 127 ? '?' : c, out);
    }
}

char *problems_text(struct problems *problems)
{
    char *text = NULL;
    size_t size;
    FILE *out = open_memstream(&text, &size);
    if (!out)
        return NULL;
    if (problems->count > 0)
        qsort(problems->items, problems->count, sizeof *problems->items, compare);
    for (size_t i = 0; i < problems->count; i++) {
        if (told_before(problems, i))
            continue;
        const struct problem *p = &problems->items[i];
        print_clean(out, p->at.source->name);
        fprintf(out, ":%d:%d: ", p->at.line, p->at.column);
        print_clean(out, p->message);
        fputc('\n', out);
    }
    bool failed = ferror(out);
    if (fclose(out) != 0 || failed) {
        free(text);
        return NULL;
    }
    return text;
}

struct quoted quote(const char *text)
{
    struct quoted quoted;
    size_t room = sizeof quoted.text - sizeof "'...'";
    size_t length = strnlen(text, room + 1);
    const char *dots = "";
    if (length > room) {
        dots = "...";
        length = room;
        while (length > 0 && ((unsigned char)text[length] & 0xC0) == 0x80)
            length--; /* not in the middle of a UTF-8 character */
    }
    snprintf(quoted.text, sizeof quoted.text, "'%.*s%s'", (int)length, text, dots);
    return quoted;
}
