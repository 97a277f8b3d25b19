/* socket_path.c - see socket_path.h. */
#include "socket_path.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#define NAME "/taskmaster.sock"

int control_socket_default_path(char **out_path)
{
    const char *directory = geteuid() == 0 ? "/run" : getenv("XDG_RUNTIME_DIR");
    char *path;
    if (!directory || directory[0] != '/')
        return -ENOENT;
    if (asprintf(&path, "%s" NAME, directory) < 0)
        return -ENOMEM;
    *out_path = path;
    return 0;
}
