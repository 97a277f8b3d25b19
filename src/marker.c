/* marker.c - see marker.h. */
#include "marker.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

void marker_print(const struct marker *m, char out_text[MARKER_BYTES])
{
    char socket[24] = "-";
    if (m->socket)
        snprintf(socket, sizeof socket, "%016" PRIx64, m->socket);
    snprintf(out_text, MARKER_BYTES, "%" PRIu64 ":%d:%" PRIu64 ":%016" PRIx64 ":%s",
             m->pid_namespace, (int)m->pid, m->start, m->config, socket);
}

/* What is printed again as it was is what was meant. */
int marker_parse(const char *text, struct marker *out)
{
    struct marker m = { 0 };
    char again[MARKER_BYTES];
    int pid;
    if (strlen(text) >= MARKER_BYTES)
        return -EINVAL;
    /* NOLINTNEXTLINE(cert-err34-c): what does not fit is not printed as it was */
    int count = sscanf(text, "%" SCNu64 ":%d:%" SCNu64 ":%" SCNx64 ":%" SCNx64, &m.pid_namespace,
                       &pid, &m.start, &m.config, &m.socket);
    if (count < 4 || pid <= 0)
        return -EINVAL;
    m.pid = pid;
    marker_print(&m, again);
    if (strcmp(text, again) != 0)
        return -EINVAL;
    *out = m;
    return 0;
}

/* FNV-1a. */
uint64_t marker_hash(const char *path, uid_t uid)
{
    uint64_t hash = UINT64_C(0xcbf29ce484222325);
    for (; *path; path++)
        hash = (hash ^ (unsigned char)*path) * UINT64_C(0x100000001b3);
    for (; uid; uid >>= 8)
        hash = (hash ^ (uid & 0xff)) * UINT64_C(0x100000001b3);
    return hash ? hash : 1;
}

bool marker_same_place(const struct marker *a, const struct marker *b)
{
    return a->config == b->config || (a->socket && a->socket == b->socket);
}
