/* spawn_slots.c - see spawn_slots.h. */
#include "spawn_slots.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stddef.h>
#include <stdlib.h>
#include <unistd.h>

struct spawn_slots {
    int null_fd; /* what the others are while nobody has them */
    pthread_mutex_t lock;
    int free_fds[SPAWN_SLOTS];
    size_t free_count;
};

int spawn_slots_new(int limit, struct spawn_slots **out_slots)
{
    struct spawn_slots *s = calloc(1, sizeof *s);
    if (!s)
        return -ENOMEM;
    s->null_fd = open("/dev/null", O_WRONLY | O_CLOEXEC | O_NOCTTY);
    if (s->null_fd < 0) {
        int error = errno;
        free(s);
        return -error;
    }
    pthread_mutex_init(&s->lock, NULL);
    while (s->free_count < SPAWN_SLOTS) {
        int fd = fcntl(s->null_fd, F_DUPFD_CLOEXEC, STDERR_FILENO + 1);
        if (fd >= limit)
            close(fd);
        if (fd < 0 || fd >= limit)
            break; /* starts that find none do without */
        s->free_fds[s->free_count++] = fd;
    }
    *out_slots = s;
    return 0;
}

void spawn_slots_free(struct spawn_slots *s)
{
    if (!s)
        return;
    for (size_t i = 0; i < s->free_count; i++)
        close(s->free_fds[i]);
    close(s->null_fd);
    pthread_mutex_destroy(&s->lock);
    free(s);
}

bool spawn_slots_lend(struct spawn_slots *s, const int fds[2], int out_low[2])
{
    size_t wanted = (size_t)(fds[0] >= 0) + (size_t)(fds[1] >= 0);
    int low[2] = { -1, -1 };
    pthread_mutex_lock(&s->lock);
    bool enough = s->free_count >= wanted;
    for (int i = 0; i < 2 && enough; i++) {
        if (fds[i] >= 0)
            low[i] = s->free_fds[--s->free_count];
    }
    pthread_mutex_unlock(&s->lock);
    if (!enough)
        return false;
    for (int i = 0; i < 2; i++) {
        if (low[i] >= 0 && dup3(fds[i], low[i], O_CLOEXEC) < 0) {
            spawn_slots_return(s, low);
            return false;
        }
    }
    out_low[0] = low[0];
    out_low[1] = low[1];
    return true;
}

void spawn_slots_return(struct spawn_slots *s, const int low[2])
{
    for (int i = 0; i < 2; i++) {
        if (low[i] < 0)
            continue;
        /* Closes what was lent, before anybody else has it. */
        if (dup3(s->null_fd, low[i], O_CLOEXEC) < 0) {
            close(low[i]); /* and whoever gets the number keeps it */
            continue;
        }
        pthread_mutex_lock(&s->lock);
        s->free_fds[s->free_count++] = low[i];
        pthread_mutex_unlock(&s->lock);
    }
}
