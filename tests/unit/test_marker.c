/* Which supervisor a process belongs to. */
#include "marker.h"

#include <criterion/criterion.h>
#include <errno.h>

#define TEN "1111111111"
#define LONG_TEXT TEN TEN TEN TEN TEN TEN TEN TEN TEN TEN "111"

static const struct marker with_socket = { 4026531836, 1234, 567890, 0xab, 0xcdef };

Test(marker, is_printed_and_read_back)
{
    char text[MARKER_BYTES];
    struct marker back;
    marker_print(&with_socket, text);
    cr_assert_str_eq(text, "4026531836:1234:567890:00000000000000ab:000000000000cdef");
    cr_assert_eq(marker_parse(text, &back), 0);
    cr_assert(back.pid_namespace == 4026531836 && back.pid == 1234 && back.start == 567890);
    cr_assert(back.config == 0xab && back.socket == 0xcdef);
}

Test(marker, says_that_there_is_no_socket)
{
    char text[MARKER_BYTES];
    struct marker back, m = with_socket;
    m.socket = 0;
    marker_print(&m, text);
    cr_assert_str_eq(text, "4026531836:1234:567890:00000000000000ab:-");
    cr_assert(marker_parse(text, &back) == 0 && back.socket == 0);
}

Test(marker, of_the_largest_numbers_fits)
{
    char text[MARKER_BYTES];
    struct marker back;
    struct marker m = { UINT64_MAX, INT32_MAX, UINT64_MAX, UINT64_MAX, UINT64_MAX };
    marker_print(&m, text);
    cr_assert(marker_parse(text, &back) == 0 && back.socket == UINT64_MAX);
}

Test(marker, is_nothing_else)
{
    static const char *const texts[] = {
        "",
        "x",
        "1:2:3",
        "1:2:3:00000000000000ab",
        "1:2:3:00000000000000ab:",
        "1:2:3:ab:-",
        "1:-2:3:00000000000000ab:-",
        "1:0:3:00000000000000ab:-",
        " 1:2:3:00000000000000ab:-",
        "1:2:3:00000000000000ab:-x",
        "1:2:3:00000000000000AB:-",
        "+1:2:3:00000000000000ab:-",
        "1:99999999999:3:00000000000000ab:-",
        "1:2:3:00000000000000ab:0000000000000000",
        LONG_TEXT,
    };
    struct marker m;
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++)
        cr_expect_eq(marker_parse(texts[i], &m), -EINVAL, "'%s'", texts[i]);
}

Test(marker, tells_paths_and_users_apart)
{
    cr_assert_neq(marker_hash("/a", 0), marker_hash("/b", 0));
    cr_assert_neq(marker_hash("/a", 0), marker_hash("/a", 1000));
    cr_assert_eq(marker_hash("/a", 1000), marker_hash("/a", 1000));
}

Test(marker, place_is_the_configuration_or_the_socket)
{
    struct marker a = { .config = 1, .socket = 2 };
    cr_assert(marker_same_place(&a, &(struct marker){ .config = 1 }));
    cr_assert(marker_same_place(&a, &(struct marker){ .config = 3, .socket = 2 }));
    cr_assert_not(marker_same_place(&a, &(struct marker){ .config = 3, .socket = 4 }));
    cr_assert_not(
        marker_same_place(&(struct marker){ .config = 1 }, &(struct marker){ .config = 3 }));
}
