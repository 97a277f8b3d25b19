/* pid_file.h - the file that tells scripts and service managers the supervisor's pid. */
#ifndef PID_FILE_H
#define PID_FILE_H

/* Writes our pid and a newline to `path` (made with mode 0644). What another supervisor has left
 * there is overwritten, anything else is not: -EEXIST. A symbolic link is not followed: -ELOOP.
 * 0 or a negative errno. */
int pid_file_write(const char *path) __attribute__((warn_unused_result));

/* Removes the file if it still holds our pid. */
void pid_file_remove(const char *path);

#endif
