/* pid_file.h - the file that tells scripts and service managers the supervisor's pid. */
#ifndef PID_FILE_H
#define PID_FILE_H

/* Writes our pid and a newline to `path` (made with mode 0644), and holds a lock on the file
 * (flock(2)) for as long as *out_fd is open. What an earlier supervisor has left there is
 * overwritten; that of one which runs is not: -EBUSY; nor is anything else: -EEXIST. A symbolic
 * link is not followed: -ELOOP. Waits, for at most a second, while a child of one that is dead
 * still has its lock. 0 with *out_fd for pid_file_remove(), or a negative errno. */
int pid_file_write(const char *path, int *out_fd) __attribute__((warn_unused_result));

/* Removes the file if it still holds our pid, and closes `fd`. 0, also where there is no such file,
 * or a negative errno where it may be there all the same. */
int pid_file_remove(const char *path, int fd);

#endif
