/* command_help.c - help: what the rows of the table say. */
#include "call.h"

#include <errno.h>

#include "json.h"

void command_print_usage(const struct command *command, FILE *out)
{
    const struct command_info *info = &command->info;
    fprintf(out, "usage: %s%s%s\n", info->name, info->arguments[0] ? " " : "", info->arguments);
}

static bool add_row(cJSON *list, const struct command_info *info, const char *details)
{
    cJSON *item = json_append_object(list);
    return item && json_add_text(item, "name", info->name) &&
           json_add_text(item, "arguments", info->arguments) &&
           json_add_text(item, "help", info->help) &&
           (!details || json_add_text(item, "details", details));
}

static int print_help_json(const struct command *command, FILE *out)
{
    cJSON *object = cJSON_CreateObject();
    cJSON *list = cJSON_AddArrayToObject(object, "commands");
    return json_put(out, object, list && add_row(list, &command->info, command->details));
}

int command_print_help(const struct command *command, bool json, FILE *out)
{
    if (json)
        return print_help_json(command, out);
    command_print_usage(command, out);
    fprintf(out, "%s: %s\n%s", command->info.name, command->info.help, command->details);
    return 0;
}

static int print_list_json(FILE *out)
{
    cJSON *object = cJSON_CreateObject();
    cJSON *list = cJSON_AddArrayToObject(object, "commands");
    bool ok = list != NULL;
    for (size_t i = 0; ok && i < command_count(); i++)
        ok = command_at(i)->hidden || add_row(list, command_at(i), NULL);
    return json_put(out, object, ok);
}

static int print_list(bool json, FILE *out)
{
    if (json)
        return print_list_json(out);
    for (size_t i = 0; i < command_count(); i++) {
        const struct command_info *info = command_at(i);
        if (!info->hidden)
            fprintf(out, "  %-10s %s\n", info->name, info->help);
    }
    fputs("`help COMMAND` tells more about one.\n", out);
    return 0;
}

void command_help(struct call *call, FILE *out)
{
    const char *name = call->options.operand_count > 0 ? call->options.operands[0] : NULL;
    const struct command *command = name ? command_find(name) : NULL;
    if (name && !command) {
        call_refuse_unknown(call, out, name);
        return;
    }
    int error = command ? command_print_help(command, call->style.json, out)
                        : print_list(call->style.json, out);
    if (error)
        call_refuse(call, out, error);
    else
        call_finish(call, EXIT_DONE);
}
