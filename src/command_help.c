/* command_help.c - help: what the rows of the table say. */
#include "call.h"

void command_print_usage(const struct command *command, FILE *out)
{
    const struct command_info *info = &command->info;
    fprintf(out, "usage: %s%s%s\n", info->name, info->arguments[0] ? " " : "", info->arguments);
}

void command_print_help(const struct command *command, FILE *out)
{
    command_print_usage(command, out);
    fprintf(out, "%s: %s\n%s", command->info.name, command->info.help, command->details);
}

static void print_list(FILE *out)
{
    for (size_t i = 0; i < command_count(); i++) {
        const struct command_info *info = command_at(i);
        if (!info->hidden)
            fprintf(out, "  %-10s %s\n", info->name, info->help);
    }
    fputs("`help COMMAND` tells more about one.\n", out);
}

void command_help(struct call *call, FILE *out)
{
    if (call->options.operand_count == 0) {
        print_list(out);
        call_finish(call, EXIT_DONE);
        return;
    }
    const char *name = call->options.operands[0];
    const struct command *command = command_find(name);
    if (!command) {
        call_refuse_unknown(call, out, name);
        return;
    }
    command_print_help(command, out);
    call_finish(call, EXIT_DONE);
}
