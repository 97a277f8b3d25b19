/* notify.h - tells the service manager that started us how we are: the sending half of
 * sd_notify(3). Any thread. */
#ifndef NOTIFY_H
#define NOTIFY_H

/* Sends `state` ("READY=1") to the socket named by $NOTIFY_SOCKET; does nothing without one, or
 * where it cannot be reached. Never blocks. */
void notify_send(const char *state);

#endif
