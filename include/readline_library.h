/* readline_library.h - GNU readline, loaded once there is a terminal to read from. Linked in the
 * usual way it and libtinfo would take 270 KiB of every supervisor that has no terminal.
 *
 * Threads: none; a value. */
#ifndef READLINE_LIBRARY_H
#define READLINE_LIBRARY_H

#include <stdio.h>

#include <readline/readline.h>
#include <readline/history.h>

/* All that is used of it, functions and variables, in alphabetical order. */
#define READLINE_SYMBOLS(USE)               \
    USE(add_history)                        \
    USE(clear_history)                      \
    USE(rl_attempted_completion_function)   \
    USE(rl_attempted_completion_over)       \
    USE(rl_callback_handler_install)        \
    USE(rl_callback_handler_remove)         \
    USE(rl_callback_read_char)              \
    USE(rl_callback_sigcleanup)             \
    USE(rl_catch_signals)                   \
    USE(rl_catch_sigwinch)                  \
    USE(rl_change_environment)              \
    USE(rl_clear_visible_line)              \
    USE(rl_completer_word_break_characters) \
    USE(rl_completion_display_matches_hook) \
    USE(rl_completion_matches)              \
    USE(rl_crlf)                            \
    USE(rl_deprep_term_function)            \
    USE(rl_deprep_terminal)                 \
    USE(rl_display_match_list)              \
    USE(rl_end)                             \
    USE(rl_forced_update_display)           \
    USE(rl_free_line_state)                 \
    USE(rl_get_termcap)                     \
    USE(rl_getc_function)                   \
    USE(rl_initialize)                      \
    USE(rl_line_buffer)                     \
    USE(rl_on_new_line)                     \
    USE(rl_outstream)                       \
    USE(rl_point)                           \
    USE(rl_prep_term_function)              \
    USE(rl_prep_terminal)                   \
    USE(rl_readline_name)                   \
    USE(rl_readline_state)                  \
    USE(rl_redisplay)                       \
    USE(rl_reset_screen_size)               \
    USE(rl_resize_terminal)                 \
    USE(rl_sort_completion_matches)         \
    USE(rl_variable_bind)                   \
    USE(stifle_history)                     \
    USE(using_history)

#define READLINE_POINTER(name) __typeof__(name) *name;

/* A pointer to each. */
struct readline_library {
    READLINE_SYMBOLS(READLINE_POINTER)
};

/* Loads the library whose headers we were built with, for good. NULL, or why that failed: a text of
 * the dynamic linker's, valid until its next call (dlerror(3)). */
const char *readline_library_load(struct readline_library *library)
    __attribute__((warn_unused_result));

#endif
