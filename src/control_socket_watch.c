/* control_socket_watch.c - notices when something happens to the socket's file. */
#include "control_socket_parts.h"

#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/inotify.h>
#include <unistd.h>

#define SELF (IN_DELETE_SELF | IN_MOVE_SELF)
/* In the directory itself nothing is of interest but that our file goes, or is replaced. */
#define IN_NEAR (SELF | IN_DELETE | IN_MOVED_FROM | IN_MOVED_TO)
#define IN_FAR (SELF | IN_CREATE | IN_MOVED_TO)
#define EVENT_BYTES 4096

static const char *name_in(const char *path)
{
    const char *slash = strrchr(path, '/');
    return slash ? slash + 1 : path;
}

/* Cuts the last name off. False: there is nothing above. */
static bool go_up(char *path)
{
    char *slash = strrchr(path, '/');
    if (!slash) {
        bool top = strcmp(path, ".") == 0;
        path[0] = '.'; /* no path is shorter than that */
        path[1] = '\0';
        return !top;
    }
    bool top = slash == path && slash[1] == '\0';
    slash[slash == path ? 1 : 0] = '\0';
    return !top;
}

bool control_socket_move_watch(struct control_socket *s)
{
    char *place = s->watch_fd < 0 ? NULL : strdup(s->directory);
    bool near = true;
    int watch = -1;
    if (!place)
        return false;
    do {
        watch = inotify_add_watch(s->watch_fd, place, (near ? IN_NEAR : IN_FAR) | IN_ONLYDIR);
        if (watch >= 0 || (errno != ENOENT && errno != ENOTDIR))
            break;
        near = false;
    } while (go_up(place));
    free(place);
    bool moved = watch >= 0 && watch != s->watch;
    if (s->watch >= 0 && watch != s->watch)
        (void)inotify_rm_watch(s->watch_fd, s->watch); /* EINVAL: it went with its directory */
    s->watch = watch;
    s->watch_near = near;
    return moved;
}

static bool concerns_us(const struct control_socket *s, const struct inotify_event *event)
{
    if (event->mask & IN_Q_OVERFLOW)
        return true;
    if (event->wd != s->watch)
        return false; /* left over from where we watched before */
    if (!s->watch_near || event->len == 0)
        return true;
    return strcmp(event->name, name_in(s->path)) == 0 ||
           strcmp(event->name, name_in(s->lock_path)) == 0;
}

bool control_socket_stirred(struct control_socket *s)
{
    _Alignas(struct inotify_event) char bytes[EVENT_BYTES];
    bool stirred = false;
    ssize_t n = s->watch_fd < 0 ? -1 : read(s->watch_fd, bytes, sizeof bytes);
    for (ssize_t at = 0; at < n;) {
        const struct inotify_event *event = (const void *)(bytes + at);
        stirred = stirred || concerns_us(s, event);
        at += (ssize_t)(sizeof *event + event->len);
    }
    return stirred;
}
