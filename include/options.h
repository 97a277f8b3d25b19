/* options.h - the command line of taskmaster. */
#ifndef OPTIONS_H
#define OPTIONS_H

enum options_mode {
    MODE_SHELL,
    MODE_FOREGROUND,
    MODE_DAEMON,
    MODE_TEST,
    MODE_EXIT, /* --help and --version: all has been said */
};

struct options {
    enum options_mode mode;
    const char *config; /* points into argv; NULL: not given */
    const char *socket; /* the same */
};

/* 0 with *out_options, or -EINVAL after saying on stderr what is wrong. --help and --version are
 * printed here. */
int options_parse(int argc, char **argv, struct options *out_options)
    __attribute__((warn_unused_result));

#endif
