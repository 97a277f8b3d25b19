/* config_file.h - the bytes of configuration files. Blocks on the disk; any thread. */
#ifndef CONFIG_FILE_H
#define CONFIG_FILE_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/stat.h>

#define CONFIG_FILE_MAX_BYTES (8 * 1024 * 1024)

/* Reads a whole file. With `pipes` it may be a pipe or a terminal too, else only a regular file
 * (-EMEDIUMTYPE). 0 with *out_bytes to free(), or a negative errno: -EFBIG for more than
 * CONFIG_FILE_MAX_BYTES, -ETIMEDOUT for a pipe that says nothing for a minute. */
int config_file_read(const char *path, bool pipes, char **out_bytes, size_t *out_size,
                     struct stat *out_stat) __attribute__((warn_unused_result));

/* What such an error means, in words: a constant. */
const char *config_file_error(int error);

#endif
