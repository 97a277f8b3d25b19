/* replay_main.c - see replay_main.h. */
#include "replay_main.h"

#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "program.h"
#include "replay.h"

#define NAME "taskmaster replay"
#define BLOCK_BYTES ((size_t)64 << 10)

enum { SAME = 0, DIFFERENT = 1, UNREADABLE = 2 };

static const char help_text[] =
    "Usage: " NAME " [-q] FILE\n"
    "\n"
    "Runs FILE, which a supervisor has written (supervisor.trace), through the state machine\n"
    "again, tells its story, and ends at the first decision that is another one now.\n"
    "\n"
    "  -q, --quiet  no story: only what came of it\n"
    "  -h, --help   show this help\n"
    "\n"
    "Exit status: 0 no difference, 1 a difference, 2 bad usage, or FILE is no trace or damaged.\n";

static const struct option long_options[] = {
    { "quiet", no_argument, NULL, 'q' },
    { "help", no_argument, NULL, 'h' },
    { 0 },
};

struct request {
    bool quiet;
    const char *path;
};

static int bad_usage(const char *what)
{
    if (what)
        fprintf(stderr, NAME ": %s\n", what);
    fputs("Try '" NAME " --help'.\n", stderr);
    return -EINVAL;
}

static int parse_options(int argc, char **argv, struct request *request)
{
    int c;
    while ((c = getopt_long(argc, argv, "qh", long_options, NULL)) != -1) {
        switch (c) {
        case 'q': request->quiet = true; break;
        case 'h': fputs(help_text, stdout); return -ECANCELED;
        default: return bad_usage(NULL);
        }
    }
    if (argc - optind != 1)
        return bad_usage(argc == optind ? "which FILE?" : "more than one FILE");
    request->path = argv[optind];
    return 0;
}

/* 0; -EINVAL after saying why; -ECANCELED: only help was asked for. */
static int parse(int argc, char **argv, struct request *out)
{
    struct request request = { 0 };
    char name[] = NAME;
    char *given = argv[0];
    argv[0] = name; /* for what getopt says */
    int error = parse_options(argc, argv, &request);
    argv[0] = given;
    if (!error)
        *out = request;
    return error;
}

static int run(struct replay *replay, int fd, int *out_errno)
{
    char block[BLOCK_BYTES];
    ssize_t count;
    int error = 0;
    while (!error && (count = read(fd, block, sizeof block)) != 0) {
        if (count > 0)
            error = replay_feed(replay, block, (size_t)count);
        else if (errno != EINTR)
            error = -(*out_errno = errno);
    }
    return error ? error : replay_finish(replay);
}

static const char *plural(unsigned long count)
{
    return count == 1 ? "" : "s";
}

static void put_counts(const char *path, struct replay_counts c)
{
    printf("%s: %lu event%s of %lu instance%s: no difference", path, c.events, plural(c.events),
           c.instances, plural(c.instances));
    if (c.lost)
        printf("; %lu event%s %s lost", c.lost, plural(c.lost), c.lost == 1 ? "was" : "were");
    if (c.torn)
        printf("; %lu record%s torn", c.torn, plural(c.torn));
    putchar('\n');
}

/* Says what came of it. The exit status. */
static int report(const char *path, const struct replay *replay, int error, int read_error)
{
    struct replay_counts counts = replay_counts(replay);
    if (read_error) {
        fprintf(stderr, NAME ": cannot read '%s': %s\n", path, strerrordesc_np(read_error));
        return UNREADABLE;
    }
    if (error == -ECANCELED) {
        printf("%s:%lu: %s\n", path, counts.lines, replay_problem(replay));
        return DIFFERENT;
    }
    if (error) {
        fprintf(stderr, NAME ": %s:%lu: %s\n", path, counts.lines, replay_problem(replay));
        return UNREADABLE;
    }
    put_counts(path, counts);
    return SAME;
}

static int replay_file(const struct request *request)
{
    int fd = open(request->path, O_RDONLY | O_CLOEXEC | O_NOCTTY);
    if (fd < 0) {
        fprintf(stderr, NAME ": cannot open '%s': %s\n", request->path, strerrordesc_np(errno));
        return UNREADABLE;
    }
    int status = UNREADABLE, read_error = 0;
    struct replay *replay = replay_new(request->quiet ? NULL : stdout);
    if (replay) {
        int error = run(replay, fd, &read_error);
        fflush(stdout); /* the story goes before what came of it */
        status = report(request->path, replay, error, read_error);
    } else {
        fputs(NAME ": out of memory\n", stderr);
    }
    replay_free(replay);
    close(fd);
    return status;
}

int replay_main(int argc, char **argv)
{
    struct request request;
    if (program_open_descriptors())
        return UNREADABLE;
    int error = parse(argc, argv, &request);
    if (error)
        return error == -ECANCELED ? SAME : UNREADABLE;
    int status = replay_file(&request);
    if (fflush(stdout) || ferror(stdout)) {
        fprintf(stderr, NAME ": cannot write: %s\n", strerrordesc_np(errno));
        return UNREADABLE;
    }
    return status;
}
