/* procstat.c - see procstat.h. */
#include "procstat.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

/* Numbers of fields in proc(5). */
enum { FIELD_UTIME = 14, FIELD_STIME = 15, FIELD_STARTTIME = 22, FIELD_RSS = 24 };

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

/* The number in field `index` of proc(5), where `rest` begins with the ')' that ends field 2. */
static int read_field(const char *rest, int index, long long *out_number)
{
    for (int i = 2; i < index && rest; i++)
        rest = strchr(rest + 1, ' ');
    if (!rest)
        return -EPROTO;
    char *end;
    errno = 0;
    long long number = strtoll(rest, &end, 10);
    if (end == rest || errno)
        return -EPROTO;
    *out_number = number;
    return 0;
}

int procstat_read(pid_t pid, struct procstat *out_stat)
{
    char path[64];
    char text[1024];
    long long user, system, start, pages;
    snprintf(path, sizeof path, "/proc/%d/stat", (int)pid);
    int error = read_file(path, text, sizeof text);
    if (error)
        return error;
    /* The name of the program stands in parentheses, and may hold some itself. */
    const char *rest = strrchr(text, ')');
    if (read_field(rest, FIELD_UTIME, &user) || read_field(rest, FIELD_STIME, &system) ||
        read_field(rest, FIELD_STARTTIME, &start) || read_field(rest, FIELD_RSS, &pages))
        return -EPROTO;
    double ticks = (double)sysconf(_SC_CLK_TCK);
    double alive_s = boot_seconds() - (double)start / ticks;
    double busy_s = (double)(user + system) / ticks;
    *out_stat = (struct procstat){
        .cpu_percent = alive_s > 0 ? 100 * busy_s / alive_s : 0,
        .rss_bytes = pages * sysconf(_SC_PAGESIZE),
    };
    return 0;
}
