/* pump_syslog.c - see pump_stream.h: lines as datagrams, in the form of RFC 3164 that syslog(3)
 * uses. The daemon may be restarted at any time, which leaves our socket without a peer: then it is
 * connected again, once for each try. */
#include "pump_stream.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <syslog.h>
#include <time.h>
#include <unistd.h>

#define PIECE_BYTES ((size_t)8 << 10) /* of text in one datagram */
#define TAG_BYTES 256
#define HEADER_BYTES (TAG_BYTES + 64)

static size_t header(char text[static HEADER_BYTES], int priority, const char *tag)
{
    char at[32];
    struct tm tm = { 0 };
    time_t now = time(NULL);
    localtime_r(&now, &tm);
    strftime(at, sizeof at, "%b %e %H:%M:%S", &tm);
    int n = snprintf(text, HEADER_BYTES, "<%d>%s %.*s: ", priority, at, TAG_BYTES, tag);
    return (size_t)n;
}

bool pump_syslog_put(struct pump_stream *stream, bool error_stream, const char *tag,
                     const char *text, size_t count)
{
    char head[HEADER_BYTES];
    size_t head_bytes = header(head, LOG_DAEMON | (error_stream ? LOG_ERR : LOG_INFO), tag);
    size_t pieces = count == 0 ? 1 : (count + PIECE_BYTES - 1) / PIECE_BYTES;
    if (!pump_stream_has_room(stream, count + pieces * (head_bytes + sizeof(uint32_t))))
        return false;
    do {
        size_t n = count < PIECE_BYTES ? count : PIECE_BYTES;
        uint32_t bytes = (uint32_t)(head_bytes + n);
        pump_stream_put(stream, &bytes, sizeof bytes);
        pump_stream_put(stream, head, head_bytes);
        pump_stream_put(stream, text, n);
        text += n;
        count -= n;
    } while (count > 0);
    return true;
}

static int connect_to(const char *path, int *out_fd)
{
    struct sockaddr_un address = { .sun_family = AF_UNIX };
    if (strlen(path) >= sizeof address.sun_path)
        return -ENAMETOOLONG;
    memcpy(address.sun_path, path, strlen(path) + 1);
    int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (fd < 0)
        return -errno;
    if (connect(fd, (const struct sockaddr *)&address, sizeof address) < 0) {
        int error = -errno;
        close(fd);
        return error;
    }
    *out_fd = fd;
    return 0;
}

static bool peer_is_gone(int error)
{
    return error == -ECONNREFUSED || error == -ENOTCONN || error == -ECONNRESET ||
           error == -EPIPE || error == -EDESTADDRREQ;
}

static int send_one(int fd, const char *bytes, size_t count)
{
    ssize_t n;
    do {
        n = send(fd, bytes, count, MSG_DONTWAIT | MSG_NOSIGNAL);
    } while (n < 0 && errno == EINTR);
    return n < 0 ? -errno : 0;
}

int pump_syslog_flush(struct pump_stream *stream, const char *path, size_t *out_too_long)
{
    bool connected_now = false;
    *out_too_long = 0;
    while (!pump_stream_is_empty(stream)) {
        uint32_t bytes;
        const char *record = stream->bytes + stream->start;
        memcpy(&bytes, record, sizeof bytes);
        int error = stream->sink.fd < 0 ? -ENOTCONN
                                        : send_one(stream->sink.fd, record + sizeof bytes, bytes);
        if (peer_is_gone(error) && !connected_now) {
            int fd = -1;
            sink_release(&stream->sink);
            error = connect_to(path, &fd);
            if (error)
                return error;
            sink_init_own(&stream->sink, fd);
            connected_now = true;
            continue;
        }
        if (error == -EMSGSIZE)
            *out_too_long += sizeof bytes + bytes;
        else if (error)
            return error;
        pump_stream_sent(stream, sizeof bytes + bytes);
    }
    return 0;
}
