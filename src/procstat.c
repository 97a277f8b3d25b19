/* procstat.c - see procstat.h. */
#include "procstat.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

/* Reads a file of /proc whole into a string: its content is made at the first read(2). */
static int read_file(const char *path, char *out_text, size_t room)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return errno == ENOENT ? -ESRCH : -errno;
    ssize_t count = read(fd, out_text, room - 1);
    int error = count < 0 ? -errno : 0;
    close(fd);
    if (error)
        return error;
    out_text[count] = '\0';
    return 0;
}

/* How long the machine has been up, in seconds: what start times are counted on. */
static double boot_seconds(void)
{
    struct timespec now = { 0 };
    clock_gettime(CLOCK_BOOTTIME, &now);
    return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

int procstat_read(pid_t pid, struct procstat *out_stat)
{
    char path[64];
    char text[1024];
    snprintf(path, sizeof path, "/proc/%d/stat", (int)pid);
    int error = read_file(path, text, sizeof text);
    if (error)
        return error;
    /* The name of the program stands in parentheses, and may hold some itself. */
    const char *rest = strrchr(text, ')');
    unsigned long user, system;
    unsigned long long start;
    long pages;
    if (!rest || sscanf(rest,
                        ") %*c %*d %*d %*d %*d %*d %*u %*u %*u %*u %*u %lu %lu %*d %*d %*d %*d "
                        "%*d %*d %llu %*u %ld",
                        &user, &system, &start, &pages) != 4)
        return -EPROTO;
    double ticks = (double)sysconf(_SC_CLK_TCK);
    double alive_s = boot_seconds() - (double)start / ticks;
    double busy_s = (double)(user + system) / ticks;
    *out_stat = (struct procstat){
        .cpu_percent = alive_s > 0 ? 100 * busy_s / alive_s : 0,
        .rss_bytes = (int64_t)pages * sysconf(_SC_PAGESIZE),
    };
    return 0;
}
