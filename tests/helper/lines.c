/* lines.c - a known stream of bytes, over several lives: `lines COUNTER BYTES [LIFE_BYTES]` writes
 * numbered lines to its stdout until they are BYTES in all, and then stays until SIGTERM.
 *
 * Line n, from 0, is n in ten digits, a space, and n * 7919 % 200 times 'x'. Where the next life
 * goes on is in the file COUNTER ("LINES BYTES"); it is written at the end of each, so nothing is
 * written twice or left out as long as SIGKILL is not used. A life ends on SIGTERM, between two
 * writes of several lines each, or after LIFE_BYTES; with 0. */
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#define LINE_MAX_BYTES 256

static long lines, bytes;

static void load(const char *path)
{
    FILE *file = fopen(path, "r");
    if (file) {
        if (fscanf(file, "%ld %ld", &lines, &bytes) != 2) {
            exit(99);
        }
        fclose(file);
    }
}

static void save(const char *path)
{
    char fresh[4096];
    snprintf(fresh, sizeof fresh, "%s.new", path);
    FILE *file = fopen(fresh, "w");
    if (!file || fprintf(file, "%ld %ld\n", lines, bytes) < 0 || fclose(file) != 0 ||
        rename(fresh, path) != 0) {
        perror(fresh);
        exit(99);
    }
}

/* Writes some lines at once: from one to more than a pipe takes in one piece. */
static void write_some(long limit)
{
    static char buffer[64 * LINE_MAX_BYTES];
    size_t length = 0, written = 0;
    for (long left = lines % 61; left >= 0 && bytes + (long)length < limit; left--, lines++) {
        length += (size_t)snprintf(buffer + length, LINE_MAX_BYTES, "%010ld ", lines);
        size_t filling = (size_t)(lines * 7919 % 200);
        memset(buffer + length, 'x', filling);
        length += filling;
        buffer[length++] = '\n';
    }
    while (written < length) {
        ssize_t n = write(STDOUT_FILENO, buffer + written, length - written);
        if (n < 0) {
            perror("write");
            exit(98);
        }
        written += (size_t)n;
    }
    bytes += (long)length;
}

int main(int argc, char **argv)
{
    if (argc < 3) {
        return 2;
    }
    sigset_t term;
    sigemptyset(&term);
    sigaddset(&term, SIGTERM);
    sigprocmask(SIG_BLOCK, &term, NULL);
    load(argv[1]);
    long all = atol(argv[2]);
    long life = argc > 3 ? bytes + atol(argv[3]) : all;
    const struct timespec at_once = { 0, 0 };
    bool told = false;
    while (bytes < all && bytes < life && !told) {
        write_some(all);
        told = sigtimedwait(&term, NULL, &at_once) > 0;
    }
    save(argv[1]);
    if (bytes >= all && !told) {
        sigwaitinfo(&term, NULL);
    }
    return 0;
}
