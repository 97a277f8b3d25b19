/* test_notify_socket.c - messages over a real socket: what is taken, and what is ignored. */
#include "notify_socket.h"

#include <criterion/criterion.h>
#include <errno.h>
#include <poll.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include "notify.h"

static int fd;
static char name[NOTIFY_SOCKET_NAME_BYTES];

static void open_one(void)
{
    cr_assert_eq(notify_socket_open(&fd, name), 0);
    setenv("NOTIFY_SOCKET", name, 1);
}

static void close_it(void)
{
    close(fd);
}

TestSuite(notify_socket, .init = open_one, .fini = close_it);

static int take(struct notice *out_notice)
{
    struct ucred sender;
    return notify_socket_take(fd, geteuid(), out_notice, &sender);
}

Test(notify_socket, takes_one_message_after_the_other)
{
    struct notice notice;
    cr_expect_eq(take(&notice), -EAGAIN);
    notify_send("STATUS=one");
    notify_send("READY=1");
    cr_assert_eq(take(&notice), 0);
    cr_expect_str_eq(notice.status, "one");
    cr_assert_eq(take(&notice), 0);
    cr_expect(notice.ready);
    cr_expect_eq(take(&notice), -EAGAIN);
}

Test(notify_socket, leaves_out_a_message_that_is_too_long)
{
    char text[NOTICE_BYTES + 2];
    struct notice notice;
    memset(text, '\n', sizeof text);
    memcpy(text, "READY=1", 7);
    text[sizeof text - 1] = '\0';
    notify_send(text);
    cr_expect_eq(take(&notice), -EBADMSG);
}

static struct sockaddr_un address_of(socklen_t *out_bytes)
{
    struct sockaddr_un address = { .sun_family = AF_UNIX };
    memcpy(address.sun_path + 1, name + 1, strlen(name) - 1);
    *out_bytes = (socklen_t)(offsetof(struct sockaddr_un, sun_path) + strlen(name));
    return address;
}

/* Sends "BARRIER=1" with `count` copies of a descriptor, as sd_notify_barrier(3) does with one. */
static void send_barrier(int passed, int count)
{
    socklen_t bytes;
    struct sockaddr_un address = address_of(&bytes);
    char text[] = "BARRIER=1";
    char control[CMSG_SPACE(16 * sizeof(int))] = { 0 };
    struct iovec part = { text, sizeof text - 1 };
    struct msghdr message = { .msg_name = &address,
                              .msg_namelen = bytes,
                              .msg_iov = &part,
                              .msg_iovlen = 1,
                              .msg_control = control,
                              .msg_controllen = CMSG_SPACE((size_t)count * sizeof(int)) };
    struct cmsghdr *header = CMSG_FIRSTHDR(&message);
    header->cmsg_level = SOL_SOCKET;
    header->cmsg_type = SCM_RIGHTS;
    header->cmsg_len = CMSG_LEN((size_t)count * sizeof(int));
    for (int i = 0; i < count; i++)
        memcpy(CMSG_DATA(header) + (size_t)i * sizeof passed, &passed, sizeof passed);
    int sender = socket(AF_UNIX, SOCK_DGRAM, 0);
    cr_assert_eq(sendmsg(sender, &message, 0), (ssize_t)sizeof text - 1);
    close(sender);
}

Test(notify_socket, closes_what_descriptors_come_with_a_message)
{
    for (int count = 1; count <= 16; count += 15) {
        int ends[2];
        struct notice notice;
        cr_assert_eq(pipe(ends), 0);
        send_barrier(ends[1], count);
        close(ends[1]);
        struct pollfd barrier = { .fd = ends[0] };
        cr_assert_eq(poll(&barrier, 1, 0), 0);
        cr_assert_eq(take(&notice), 0);
        cr_assert_eq(poll(&barrier, 1, 0), 1, "it is still open somewhere");
        cr_expect(barrier.revents & POLLHUP);
        close(ends[0]);
    }
}

Test(notify_socket, hears_only_its_user_itself_and_root)
{
    if (geteuid() != 0)
        cr_skip_test("only root can send as somebody else");
    pid_t pid = fork();
    if (pid == 0) {
        if (setresuid(65534, 65534, 65534) == 0)
            notify_send("READY=1");
        _exit(0);
    }
    waitpid(pid, NULL, 0);
    struct notice notice;
    struct ucred sender = { 0 };
    cr_expect_eq(notify_socket_take(fd, 1, &notice, &sender), -EPERM);
    cr_expect_eq(sender.uid, 65534);
    cr_expect_eq(sender.pid, pid);
}
