/* socket_path.h - where supervisor and client look for the control socket when nobody says. */
#ifndef SOCKET_PATH_H
#define SOCKET_PATH_H

/* "/run/taskmaster.sock" for root, else "$XDG_RUNTIME_DIR/taskmaster.sock". Reads the environment:
 * not while another thread changes it. 0 with *out_path to free(); -ENOENT: that variable is no
 * absolute path, so the path has to be given (-s); or -ENOMEM. */
int control_socket_default_path(char **out_path) __attribute__((warn_unused_result));

#endif
