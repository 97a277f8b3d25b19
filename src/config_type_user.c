/* config_type_user.c - the types of `user` and `group`: who a task runs as. They are looked up
 * here, once: between clone and exec nothing can be. */
#include <errno.h>
#include <grp.h>
#include <pwd.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "config_value.h"

#define ENTRY_BYTES 1024 /* of a user or group with all its texts; doubled as long as it takes */
#define ENTRY_BYTES_MAX (16 * 1024 * 1024)
#define GROUPS_FIRST 32
#define GROUPS_MAX 65536 /* the kernel's limit */
#define DEFAULT_SHELL "/bin/sh"
#define INHERIT "inherit" /* the supervisor's, whatever 'defaults' say */

/* An id that is written as a number. (uid_t)-1 is none. */
static bool parse_id(const char *text, uint32_t *out_id)
{
    size_t length = strspn(text, "0123456789");
    unsigned long id = strtoul(text, NULL, 10);
    if (length == 0 || length > 10 || text[length] != '\0' || id >= UINT32_MAX)
        return false;
    *out_id = (uint32_t)id;
    return true;
}

/* What the system calls say where there is no such entry (getpwnam(3)). */
static bool means_none(int error)
{
    return error == 0 || error == ENOENT || error == ESRCH || error == EBADF || error == EPERM;
}

/* What look_up() finds; its texts are in a buffer beside it. */
union entry {
    struct passwd user;
    struct group group;
};

/* By name, or a user by `id` where that is given. 0; -ENOENT: there is none; or another negative
 * errno. *buffer is to be freed in any case. */
static int look_up(bool group, const char *name, const uint32_t *id, union entry *entry,
                   char **buffer)
{
    int error = ERANGE;
    for (size_t size = ENTRY_BYTES; error == ERANGE && size <= ENTRY_BYTES_MAX; size *= 2) {
        struct passwd *user = NULL;
        struct group *members = NULL;
        free(*buffer);
        *buffer = malloc(size);
        if (!*buffer)
            return -ENOMEM;
        if (group)
            error = getgrnam_r(name, &entry->group, *buffer, size, &members);
        else
            error = id ? getpwuid_r(*id, &entry->user, *buffer, size, &user)
                       : getpwnam_r(name, &entry->user, *buffer, size, &user);
        if (user || members)
            return 0;
    }
    return means_none(error) ? -ENOENT : -error;
}

static const char *word(const struct config_key *key)
{
    return key->type == &config_type_user ? "user" : "group";
}

static void complain_missing(const struct config_reader *reader, const struct config_key *key,
                             const struct node *node, const char *text, int error)
{
    if (error == -ENOENT)
        problems_add(reader->problems, node->at, "'%s': there is no %s %s", key->name, word(key),
                     quote(text).text);
    else
        problems_add(reader->problems, node->at, "'%s': cannot look up %s: %s", key->name,
                     quote(text).text, strerrordesc_np(-error));
}

static void complain_rights(const struct config_reader *reader, const struct config_key *key,
                            const struct node *node, const char *text)
{
    problems_add(reader->problems, node->at, "'%s': only root can run as %s %s", key->name,
                 word(key), quote(text).text);
}

/* What was written; NULL: nothing, as it turns out. */
static char *read_name(const struct config_reader *reader, const struct config_key *key,
                       const struct node *node)
{
    char *text = config_value_text(reader, key, node);
    if (!text || strcmp(text, INHERIT) != 0)
        return text;
    free(text);
    return NULL;
}

/* -- user ---------------------------------------------------------------------------------- */

static int find_groups(struct config_user *user)
{
    int count = GROUPS_FIRST, room;
    int result;
    do {
        room = count;
        gid_t *groups = reallocarray(user->groups, (size_t)room, sizeof *groups);
        if (!groups)
            return -ENOMEM;
        user->groups = groups;
        result = getgrouplist(user->name, user->gid, groups, &count);
    } while (result < 0 && count > room && count <= GROUPS_MAX);
    user->group_count = (size_t)(count < room ? count : room);
    return 0;
}

static int copy_entry(struct config_user *user, const struct passwd *entry)
{
    user->uid = entry->pw_uid;
    user->gid = entry->pw_gid;
    user->name = strdup(entry->pw_name);
    user->home = strdup(entry->pw_dir);
    user->shell = strdup(*entry->pw_shell ? entry->pw_shell : DEFAULT_SHELL);
    if (!user->name || !user->home || !user->shell)
        return -ENOMEM;
    return find_groups(user);
}

static void clear_user(void *field)
{
    struct config_user *user = field;
    free(user->text);
    free(user->name);
    free(user->home);
    free(user->shell);
    free(user->groups);
    *user = (struct config_user){ .text = NULL };
}

static void parse_user(const struct config_reader *reader, const struct config_key *key,
                       const struct node *node, void *field)
{
    struct config_user user = { .text = read_name(reader, key, node) };
    union entry entry;
    char *buffer = NULL;
    if (!user.text)
        return;
    bool is_number = parse_id(user.text, &user.uid);
    int error = look_up(false, user.text, is_number ? &user.uid : NULL, &entry, &buffer);
    if (!error)
        error = copy_entry(&user, &entry.user);
    else if (error == -ENOENT && is_number)
        error = 0;
    free(buffer);
    if (error == -ENOMEM)
        problems_set_out_of_memory(reader->problems);
    else if (error)
        complain_missing(reader, key, node, user.text, error);
    else if (geteuid() != 0 && user.uid != geteuid())
        complain_rights(reader, key, node, user.text);
    if (error)
        clear_user(&user);
    *(struct config_user *)field = user;
}

static bool equal_text(const char *left, const char *right)
{
    return left && right ? strcmp(left, right) == 0 : left == right;
}

/* As far as a process can tell: "www" and its number are the same. */
static bool equal_user(const void *a, const void *b)
{
    const struct config_user *left = a, *right = b;
    return !left->text == !right->text && left->uid == right->uid && left->gid == right->gid &&
           equal_text(left->name, right->name) && equal_text(left->home, right->home) &&
           equal_text(left->shell, right->shell) && left->group_count == right->group_count &&
           (left->group_count == 0 ||
            memcmp(left->groups, right->groups, left->group_count * sizeof *left->groups) == 0);
}

static void print_user(FILE *out, const void *field)
{
    const struct config_user *user = field;
    config_print_line(out, user->text ? user->text : INHERIT);
    if (!user->name)
        return;
    fprintf(out, " # uid %u, groups", user->uid); /* for YAML a comment */
    for (size_t i = 0; i < user->group_count; i++)
        fprintf(out, " %u", user->groups[i]);
}

const struct config_type config_type_user = {
    .noun = "a user, by name or number",
    .parse = parse_user,
    .equal = equal_user,
    .clear = clear_user,
    .print = print_user,
};

/* -- group --------------------------------------------------------------------------------- */

static void clear_user_group(void *field)
{
    struct config_group *group = field;
    free(group->text);
    *group = (struct config_group){ .text = NULL };
}

static void parse_user_group(const struct config_reader *reader, const struct config_key *key,
                             const struct node *node, void *field)
{
    struct config_group group = { .text = read_name(reader, key, node) };
    union entry entry;
    char *buffer = NULL;
    int error = 0;
    if (!group.text)
        return;
    if (!parse_id(group.text, &group.gid)) {
        error = look_up(true, group.text, NULL, &entry, &buffer);
        if (!error)
            group.gid = entry.group.gr_gid;
        free(buffer);
    }
    if (error == -ENOMEM)
        problems_set_out_of_memory(reader->problems);
    else if (error)
        complain_missing(reader, key, node, group.text, error);
    else if (geteuid() != 0 && group.gid != getegid())
        complain_rights(reader, key, node, group.text);
    if (error)
        clear_user_group(&group);
    *(struct config_group *)field = group;
}

static bool equal_user_group(const void *a, const void *b)
{
    const struct config_group *left = a, *right = b;
    return !left->text == !right->text && left->gid == right->gid;
}

static void print_user_group(FILE *out, const void *field)
{
    const struct config_group *group = field;
    config_print_line(out, group->text ? group->text : INHERIT);
}

const struct config_type config_type_user_group = {
    .noun = "a group, by name or number",
    .parse = parse_user_group,
    .equal = equal_user_group,
    .clear = clear_user_group,
    .print = print_user_group,
};
