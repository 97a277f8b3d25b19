/* privilege.h - what this process may do. Any thread. */
#ifndef PRIVILEGE_H
#define PRIVILEGE_H

#include <stdbool.h>

/* Whether the capability (CAP_SYS_NICE of <linux/capability.h>) is in effect. */
bool privilege_has(int capability);

#endif
