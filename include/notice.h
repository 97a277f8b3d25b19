/* notice.h - what a task says about itself: one datagram of the protocol of sd_notify(3).
 *
 * It comes from a process that may be broken or hostile: whatever the bytes are, they mean
 * something here or nothing. Pure; any thread. */
#ifndef NOTICE_H
#define NOTICE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define NOTICE_BYTES 4096       /* a longer datagram is cut, which makes it mean nothing */
#define NOTICE_STATUS_BYTES 256 /* so much of a STATUS is kept */

enum notice_watchdog {
    NOTICE_NO_WATCHDOG,
    NOTICE_ALIVE,   /* WATCHDOG=1 */
    NOTICE_TRIGGER, /* WATCHDOG=trigger: it has found itself broken */
};

struct notice {
    bool ready;    /* READY=1 */
    bool stopping; /* STOPPING=1 */
    enum notice_watchdog watchdog;
    int64_t watchdog_ms; /* WATCHDOG_USEC=, at least 1 but for an explicit 0; -1: not said */
    int64_t extend_ms;   /* EXTEND_TIMEOUT_USEC=; -1: not said */
    bool main_pid;       /* MAINPID= */
    bool has_status;     /* STATUS=: as it was sent, cut to what is kept, on a character's edge */
    char status[NOTICE_STATUS_BYTES + 1];
};

/* Reads `count` bytes. Lines that are not known are left out; of a key that comes twice the last
 * one counts. */
void notice_parse(const char *bytes, size_t count, struct notice *out_notice);

#endif
