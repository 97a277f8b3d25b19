/* cgroup_dir.h - where our own cgroup is in the file system, out of what /proc says. Pure. */
#ifndef CGROUP_DIR_H
#define CGROUP_DIR_H

/* The directory of our cgroup in a version 2 hierarchy, a hybrid's included, from the texts of
 * /proc/self/mountinfo and /proc/self/cgroup. 0 with *out_dir to free(); -ENOENT: there is none,
 * or none that is mounted where we see it; -ENOMEM. */
int cgroup_dir(const char *mountinfo, const char *own, char **out_dir)
    __attribute__((warn_unused_result));

/* The name of the cgroup of an instance: `name`, with what a file name cannot hold escaped, and
 * `number`, so that it is nobody else's and no name of the kernel's. To free(), or NULL. */
char *cgroup_name(const char *name, unsigned long number);

#endif
