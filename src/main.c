/* main.c - from the command line to a running supervisor. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "claim.h"
#include "config.h"
#include "ctl.h"
#include "daemon.h"
#include "example.h"
#include "options.h"
#include "outputs.h"
#include "program.h"
#include "replay_main.h"
#include "supervisor.h"

#define EXAMPLE "config-example.yaml"

enum { EXIT_USAGE = 2 };

static int use_example(struct options *options)
{
    int written;
    int error = example_write(EXAMPLE, &written);
    if (error) {
        fprintf(stderr, "taskmaster: cannot write '" EXAMPLE "': %s\n", strerrordesc_np(-error));
        return error;
    }
    options->config = EXAMPLE;
    fprintf(stderr, written ? "taskmaster: wrote '" EXAMPLE "', using it\n"
                            : "taskmaster: using '" EXAMPLE "'\n");
    return 0;
}

static int load(const struct options *options, struct config **out_config)
{
    char *errors = NULL;
    int error = config_load(options->config, environ, out_config, &errors);
    if (error)
        fputs(errors ? errors : "taskmaster: out of memory\n", stderr);
    free(errors);
    return error;
}

static int run(const struct program *program, const struct options *options, struct daemon *daemon,
               struct config *config)
{
    struct supervisor_options run = {
        .config_path = options->config,
        .shell = options->mode == MODE_SHELL,
        .daemon = daemon,
    };
    bool terminal = run.shell && program->stdin_terminal;
    int error = outputs_open(options->mode, terminal, &config->supervisor, &run.outputs);
    if (!error)
        error = claim_take(options, &config->supervisor, &run.claim);
    if (!error)
        return supervisor_run(program, &run, config);
    outputs_close(run.outputs);
    config_free(config);
    return EXIT_FAILURE;
}

/* Leaves the caller, where that is asked for, and gets what every mode needs. Then a shell that
 * nobody could type into is none. */
static int prepare(struct options *options, struct daemon *daemon, struct program *program)
{
    int error = options->mode == MODE_DAEMON ? daemon_detach(daemon) : 0;
    if (!error)
        error = program_init(program);
    if (error)
        fprintf(stderr, "taskmaster: cannot start: %s\n", strerrordesc_np(-error));
    else if (options->mode == MODE_SHELL && program->stdin_closed)
        options->mode = MODE_FOREGROUND;
    return error;
}

int main(int argc, char **argv)
{
    if (argc > 1 && strcmp(argv[1], "ctl") == 0)
        return ctl_main(argc - 1, argv + 1);
    if (argc > 1 && strcmp(argv[1], "replay") == 0)
        return replay_main(argc - 1, argv + 1);
    struct options options;
    if (options_parse(argc, argv, &options))
        return EXIT_USAGE;
    if (options.mode == MODE_EXIT)
        return EXIT_SUCCESS;

    struct daemon daemon = DAEMON_NONE;
    struct program program;
    if (prepare(&options, &daemon, &program))
        return EXIT_FAILURE;
    if (!options.config && use_example(&options))
        return EXIT_FAILURE;
    struct config *config;
    if (load(&options, &config))
        return EXIT_FAILURE;
    if (options.mode == MODE_TEST) {
        printf("%s: ok\n", options.config);
        config_free(config);
        return EXIT_SUCCESS;
    }
    return run(&program, &options, &daemon, config);
}
