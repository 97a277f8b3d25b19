/* main.c - from the command line to a running supervisor. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "clock.h"
#include "config.h"
#include "example.h"
#include "log.h"
#include "options.h"
#include "program.h"
#include "pump.h"
#include "supervisor.h"

#define EXAMPLE "config-example.yaml"
#define DEFAULT_LOG "taskmaster.log"
#define LOG_PATIENCE_MS 1000

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

/* Without a shell the log goes to stderr, and with one to a file, unless the file says where. A
 * directory where we may not write is no reason not to run. */
static int start_log(const struct supervisor_config *config, bool shell, struct pump **out_pump)
{
    struct pump_options options = {
        .stdout_fd = STDOUT_FILENO,
        .stderr_fd = STDERR_FILENO,
        .colour_stdout = isatty(STDOUT_FILENO) && !getenv("NO_COLOR"),
        .colour_stderr = isatty(STDERR_FILENO) && !getenv("NO_COLOR"),
        .log_path = config->log_file || !shell ? config->log_file : DEFAULT_LOG,
        .log_max_bytes = config->log_max_bytes,
        .log_backups = config->log_backups,
    };
    int error = pump_new(&options, out_pump);
    if (!error)
        return log_start(config->log_level, config->log_format);
    fprintf(stderr, "taskmaster: cannot start the log '%s': %s\n",
            options.log_path ? options.log_path : "stderr", strerrordesc_np(-error));
    if (!options.log_path || config->log_file)
        return error;
    fputs("taskmaster: going on without a log; set supervisor.logFile to have one\n", stderr);
    options.log_path = NULL; /* nothing is written there, since the log is not started */
    return pump_new(&options, out_pump);
}

static void end_log(struct pump *pump)
{
    if (pump_free(pump, clock_ms() + LOG_PATIENCE_MS) == 0)
        log_stop();
}

int main(int argc, char **argv)
{
    struct options options;
    if (options_parse(argc, argv, &options))
        return EXIT_USAGE;
    if (options.mode == MODE_EXIT)
        return EXIT_SUCCESS;

    struct program program;
    int error = program_init(&program);
    if (error) {
        fprintf(stderr, "taskmaster: cannot start: %s\n", strerrordesc_np(-error));
        return EXIT_FAILURE;
    }
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
    bool shell = options.mode == MODE_SHELL && !program.stdin_closed;
    struct pump *pump = NULL;
    if (start_log(&config->supervisor, shell, &pump)) {
        config_free(config);
        return EXIT_FAILURE;
    }
    struct supervisor_options run = { .config_path = options.config, .shell = shell, .pump = pump };
    int status = supervisor_run(&program, &run, config);
    end_log(pump);
    return status;
}
