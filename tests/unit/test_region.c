/* test_region.c - memory that ends together. */
#include <criterion/criterion.h>
#include <stdint.h>
#include <string.h>

#include "region.h"

Test(region, pieces_are_zeroed_aligned_and_apart)
{
    struct region *region = region_new();
    unsigned char *last = NULL;
    for (size_t bytes = 1; bytes < 5000; bytes = bytes * 2 + 1) {
        unsigned char *piece = region_alloc(region, bytes);
        cr_assert_not_null(piece);
        cr_expect_eq((uintptr_t)piece % _Alignof(max_align_t), 0);
        for (size_t i = 0; i < bytes; i++)
            cr_assert_eq(piece[i], 0);
        memset(piece, 0xff, bytes);
        cr_expect(!last || last[0] == 0xff);
        last = piece;
    }
    region_free(region);
}

Test(region, texts_longer_than_a_block_fit)
{
    struct region *region = region_new();
    char big[10000];
    memset(big, 'x', sizeof big - 1);
    big[sizeof big - 1] = '\0';
    const char *small = region_copy(region, "small");
    cr_expect_str_eq(region_copy(region, big), big);
    const char *formatted = region_format(region, "%s=%d", big, 7);
    cr_expect_eq(strlen(formatted), sizeof big - 1 + 2);
    cr_expect_str_eq(small, "small");
    region_free(region);
}

Test(region, what_no_memory_can_hold_is_refused)
{
    struct region *region = region_new();
    cr_expect_null(region_alloc(region, SIZE_MAX));
    cr_expect_null(region_alloc(region, SIZE_MAX - 64));
    cr_expect_not_null(region_alloc(region, 1));
    region_free(region);
    region_free(NULL);
}
