/* example.c - see example.h. The text is configs/example.yaml itself, so that the two are one. */
#include "example.h"

#include <errno.h>
#include <fcntl.h>
#include <stddef.h>
#include <unistd.h>

__asm__(".section .rodata\n"
        "example_begin:\n"
        ".incbin \"configs/example.yaml\"\n"
        "example_end:\n"
        ".previous\n");

extern const char example_begin[];
extern const char example_end[];

int example_write(const char *path, int *out_written)
{
    int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0644);
    if (fd < 0 && errno == EEXIST) {
        *out_written = 0;
        return 0;
    }
    if (fd < 0)
        return -errno;
    size_t size = (size_t)(example_end - example_begin);
    ssize_t written = write(fd, example_begin, size);
    int error = written == (ssize_t)size ? 0 : written < 0 ? -errno : -ENOSPC;
    close(fd);
    if (error)
        unlink(path);
    else
        *out_written = 1;
    return error;
}
