/* control_socket_peer.c - who has connected, and may they? */
#include "control_socket_parts.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

static bool is_in_group(int fd, gid_t group)
{
    gid_t *groups = NULL;
    socklen_t bytes = 0;
    bool found = false;
    /* Asked with no room it says how much it wants. */
    if (getsockopt(fd, SOL_SOCKET, SO_PEERGROUPS, NULL, &bytes) == 0 || errno != ERANGE)
        return false;
    groups = malloc(bytes);
    if (groups && getsockopt(fd, SOL_SOCKET, SO_PEERGROUPS, groups, &bytes) == 0)
        for (size_t i = 0; i < bytes / sizeof *groups && !found; i++)
            found = groups[i] == group;
    free(groups);
    return found;
}

bool control_socket_lets_in(const struct control_socket *s, int fd, uid_t uid, gid_t gid)
{
    if (uid == 0 || uid == geteuid() || (s->mode & S_IWOTH))
        return true;
    return (s->mode & S_IWGRP) && (gid == s->at.st_gid || is_in_group(fd, s->at.st_gid));
}

int control_socket_accept(struct control_socket *s, struct control_peer *out_peer)
{
    struct ucred peer;
    socklen_t bytes = sizeof peer;
    int fd = accept4(s->fd, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);
    if (fd < 0)
        return errno == EINTR || errno == ECONNABORTED ? -EAGAIN : -errno;
    if (getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &peer, &bytes) < 0) {
        int error = -errno;
        close(fd);
        return error;
    }
    *out_peer = (struct control_peer){ .fd = fd, .uid = peer.uid, .pid = peer.pid };
    out_peer->allowed = control_socket_lets_in(s, fd, peer.uid, peer.gid);
    return 0;
}
