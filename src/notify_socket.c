/* notify_socket.c - see notify_socket.h. */
#include "notify_socket.h"

#include <errno.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/random.h>
#include <sys/un.h>
#include <unistd.h>

int notify_socket_open(int *out_fd, char out_name[static NOTIFY_SOCKET_NAME_BYTES])
{
    struct sockaddr_un address = { .sun_family = AF_UNIX };
    char name[NOTIFY_SOCKET_NAME_BYTES];
    uint64_t random[2];
    int on = 1;
    if (getrandom(random, sizeof random, 0) != (ssize_t)sizeof random)
        return -EAGAIN;
    int length = snprintf(name, sizeof name, "@taskmaster-%016jx%016jx", (uintmax_t)random[0],
                          (uintmax_t)random[1]);
    memcpy(address.sun_path + 1, name + 1, (size_t)length - 1); /* '@' stands for a NUL */
    int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (fd < 0)
        return -errno;
    socklen_t bytes = (socklen_t)(offsetof(struct sockaddr_un, sun_path) + (size_t)length);
    if (setsockopt(fd, SOL_SOCKET, SO_PASSCRED, &on, sizeof on) < 0 ||
        bind(fd, (const struct sockaddr *)&address, bytes) < 0) {
        int error = -errno;
        close(fd);
        return error;
    }
    memcpy(out_name, name, (size_t)length + 1);
    *out_fd = fd;
    return 0;
}

static bool find_sender(struct msghdr *message, struct ucred *out_sender)
{
    for (struct cmsghdr *at = CMSG_FIRSTHDR(message); at; at = CMSG_NXTHDR(message, at)) {
        if (at->cmsg_level == SOL_SOCKET && at->cmsg_type == SCM_CREDENTIALS &&
            at->cmsg_len == CMSG_LEN(sizeof *out_sender)) {
            memcpy(out_sender, CMSG_DATA(at), sizeof *out_sender);
            return true;
        }
    }
    return false;
}

int notify_socket_take(int fd, uid_t user, struct notice *out_notice, struct ucred *out_sender)
{
    char bytes[NOTICE_BYTES];
    /* Room for the credentials and no more: descriptors find none, and so the kernel closes them
     * without ever making them ours. */
    union {
        char bytes[CMSG_SPACE(sizeof(struct ucred))];
        struct cmsghdr align;
    } control;
    struct iovec part = { .iov_base = bytes, .iov_len = sizeof bytes };
    struct msghdr message = {
        .msg_iov = &part,
        .msg_iovlen = 1,
        .msg_control = &control,
        .msg_controllen = sizeof control,
    };
    struct ucred sender = { .uid = (uid_t)-1 };
    ssize_t count = recvmsg(fd, &message, MSG_DONTWAIT | MSG_CMSG_CLOEXEC);
    if (count < 0)
        return -errno;
    bool known = find_sender(&message, &sender);
    *out_sender = sender;
    if (!known || (sender.uid != user && sender.uid != 0 && sender.uid != geteuid()))
        return -EPERM;
    if (message.msg_flags & MSG_TRUNC)
        return -EBADMSG;
    notice_parse(bytes, (size_t)count, out_notice);
    return 0;
}
