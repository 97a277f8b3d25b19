/* signame.h - signal names and numbers. Pure; any thread. */
#ifndef SIGNAME_H
#define SIGNAME_H

/* The number of the signal that `text` names: "SIGTERM", "TERM", "term", "15", "RTMIN+2",
 * "SIGRTMAX-1". -EINVAL for anything that is no signal of Linux (1 to 64). */
int signame_parse(const char *text);

/* "SIGTERM" for 15: a constant that signame_parse() reads back. "SIG?" for what is no signal. */
const char *signame(int number);

#endif
