/* expand.c - see expand.h. Variables of the task's environment are expanded in place, one
 * inside the other; limits on depth, lookups and length keep hostile nests of them harmless. */
#include "expand.h"

#include <ctype.h>
#include <errno.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "config.h"
#include "launch.h"
#include "problems.h"

#define DEPTH_MAX 16      /* variables inside variables */
#define LOOKUPS_MAX 10000 /* of one text */
#define NO_VARIABLE SIZE_MAX

struct output {
    char *bytes;
    size_t length, room;
    size_t lookups;
    char *error; /* set with -EINVAL */
};

/* A variable that is being worked out, and who asked for it. */
struct frame {
    const struct frame *up;
    size_t variable;
    int depth;
};

/* A ${...} taken apart; nothing is copied. */
struct form {
    const char *name;
    size_t name_length;
    const char *fallback; /* NULL: none */
    size_t fallback_length;
    size_t length; /* of it all */
};

static int expand_into(const struct expand_scope *scope, const struct frame *frame,
                       const char *text, struct output *out);

static int append(struct output *out, const char *bytes, size_t count)
{
    if (count >= EXPAND_MAX_BYTES - out->length) {
        out->error = strdup("the text expands to more than 128 KiB");
        return out->error ? -EINVAL : -ENOMEM;
    }
    if (out->length + count + 1 > out->room) {
        size_t room = (out->length + count + 1) * 2;
        char *grown = realloc(out->bytes, room);
        if (!grown)
            return -ENOMEM;
        out->bytes = grown;
        out->room = room;
    }
    memcpy(out->bytes + out->length, bytes, count);
    out->length += count;
    out->bytes[out->length] = '\0';
    return 0;
}

static bool parse_form(const char *text, struct form *out_form)
{
    if (text[0] != '$' || text[1] != '{')
        return false;
    struct form form = { .name = text + 2 };
    const char *p = form.name;
    while (isalnum((unsigned char)*p) || *p == '_')
        p++;
    form.name_length = (size_t)(p - form.name);
    if (form.name_length == 0 || isdigit((unsigned char)*form.name))
        return false;
    if (p[0] == ':' && p[1] == '-') {
        form.fallback = p + 2;
        form.fallback_length = strcspn(form.fallback, "}");
        p = form.fallback + form.fallback_length;
        const char *nested = strstr(form.fallback, "${");
        if (nested && nested < p)
            return false;
    }
    if (*p != '}')
        return false;
    form.length = (size_t)(p + 1 - text);
    *out_form = form;
    return true;
}

size_t expand_form_length(const char *text)
{
    struct form form;
    return parse_form(text, &form) ? form.length : 0;
}

static bool form_is(const struct form *form, const char *name)
{
    return strlen(name) == form->name_length && memcmp(name, form->name, form->name_length) == 0;
}

static int fail(struct output *out, const char *form, size_t length, const char *complaint)
{
    char *copy = strndup(form, length);
    if (!copy)
        return -ENOMEM;
    int n = asprintf(&out->error, "%s %s", quote(copy).text, complaint);
    free(copy);
    if (n < 0) {
        out->error = NULL;
        return -ENOMEM;
    }
    return -EINVAL;
}

static int fail_unset(struct output *out, const struct form *form)
{
    char *name = strndup(form->name, form->name_length);
    if (!name)
        return -ENOMEM;
    const struct quoted quoted = quote(name);
    free(name);
    int length = (int)strlen(quoted.text) - 2;
    const char *bare = quoted.text + 1;
    if (asprintf(&out->error, "'${%.*s}' is not set: set it, or give a default: '${%.*s:-TEXT}'",
                 length, bare, length, bare) < 0) {
        out->error = NULL;
        return -ENOMEM;
    }
    return -EINVAL;
}

/* 1 where the form was one of the three and is written; 0 where it is another. */
static int append_identity(const struct launch_id *id, const struct form *form, struct output *out)
{
    static const struct launch_id nobody = { .task = NULL };
    if (!id)
        id = &nobody;
    char number[24] = "";
    if (id->instance > 0)
        snprintf(number, sizeof number, "%ld", id->instance);
    const char *value;
    if (form_is(form, "TASK"))
        value = id->task;
    else if (form_is(form, "NAME"))
        value = id->name;
    else if (form_is(form, "INSTANCE"))
        value = id->instance > 0 ? number : NULL;
    else
        return 0;
    if (!value)
        return fail(out, form->name - 2, form->length, "is not known here");
    int error = append(out, value, strlen(value));
    return error ? error : 1;
}

static size_t find_own(const struct config_env *own, const struct form *form)
{
    for (size_t i = 0; own && i < own->count; i++) {
        if (form_is(form, own->names[i]))
            return i;
    }
    return NO_VARIABLE;
}

static const char *find_inherited(char *const *environment, const struct form *form)
{
    for (; environment && *environment; environment++) {
        if (strncmp(*environment, form->name, form->name_length) == 0 &&
            (*environment)[form->name_length] == '=')
            return *environment + form->name_length + 1;
    }
    return NULL;
}

static bool is_open(const struct frame *frame, size_t variable)
{
    for (; frame; frame = frame->up) {
        if (frame->variable == variable)
            return true;
    }
    return false;
}

/* Appends the value of the form's variable; 1 where there is one. */
static int append_variable(const struct expand_scope *scope, const struct frame *frame,
                           const struct form *form, struct output *out)
{
    int error;
    size_t own = find_own(scope->own, form);
    if (own != NO_VARIABLE && !is_open(frame, own)) {
        if (frame->depth >= DEPTH_MAX || ++out->lookups > LOOKUPS_MAX)
            return fail(out, form->name - 2, form->length, "goes through too many variables");
        struct frame inner = { .up = frame, .variable = own, .depth = frame->depth + 1 };
        error = expand_into(scope, &inner, scope->own->values[own], out);
    } else {
        const char *value = find_inherited(scope->environment, form);
        if (!value)
            return 0;
        error = append(out, value, strlen(value));
    }
    return error ? error : 1;
}

static int append_form(const struct expand_scope *scope, const struct frame *frame,
                       const struct form *form, struct output *out)
{
    size_t before = out->length;
    int found = append_identity(scope->id, form, out);
    if (found == 0)
        found = append_variable(scope, frame, form, out);
    if (found < 0)
        return found;
    if (form->fallback && out->length == before)
        return append(out, form->fallback, form->fallback_length);
    return found ? 0 : fail_unset(out, form);
}

static int expand_into(const struct expand_scope *scope, const struct frame *frame,
                       const char *text, struct output *out)
{
    int error = append(out, "", 0);
    while (!error && *text) {
        size_t plain = strcspn(text, "$");
        struct form form;
        if (plain > 0) {
            error = append(out, text, plain);
            text += plain;
        } else if (text[1] == '$') {
            error = append(out, "$", 1);
            text += 2;
        } else if (text[1] != '{') {
            error = append(out, "$", 1);
            text++;
        } else if (parse_form(text, &form)) {
            error = append_form(scope, frame, &form, out);
            text += form.length;
        } else {
            size_t length = strcspn(text, "}");
            error = fail(out, text, length + (text[length] == '}'),
                         "is not understood: write ${VAR}, ${VAR:-TEXT}, or $$ for a dollar sign");
        }
    }
    return error;
}

static int finish(int error, struct output *out, char **out_text, char **out_error)
{
    if (!error) {
        *out_text = out->bytes;
        return 0;
    }
    free(out->bytes);
    if (error == -EINVAL)
        *out_error = out->error;
    return error;
}

int expand(const struct expand_scope *scope, const char *text, char **out_text, char **out_error)
{
    struct output out = { .bytes = NULL };
    struct frame frame = { .variable = NO_VARIABLE };
    int error = expand_into(scope, &frame, text, &out);
    return finish(error, &out, out_text, out_error);
}

int expand_variable(const struct expand_scope *scope, size_t index, char **out_text,
                    char **out_error)
{
    struct output out = { .bytes = NULL };
    struct frame frame = { .variable = index };
    int error = expand_into(scope, &frame, scope->own->values[index], &out);
    return finish(error, &out, out_text, out_error);
}

/* How much of `text`, which begins with '\\' or '$', a shell takes as one: "\\$", "$$". */
static size_t shell_pair(const char *text)
{
    bool pair = text[0] == '\\' ? text[1] != '\0' : text[1] == '$';
    return pair ? 2 : 1;
}

int expand_identity(const struct launch_id *id, const char *text, char **out_text, char **out_error)
{
    struct output out = { .bytes = NULL };
    int error = append(&out, "", 0);
    while (!error && *text) {
        size_t count = strcspn(text, "\\$");
        struct form form;
        int identity = 0;
        if (count == 0 && parse_form(text, &form))
            identity = append_identity(id, &form, &out);
        if (identity < 0) {
            error = identity;
        } else if (identity > 0) {
            text += form.length;
        } else {
            count = count ? count : shell_pair(text);
            error = append(&out, text, count);
            text += count;
        }
    }
    return finish(error, &out, out_text, out_error);
}
