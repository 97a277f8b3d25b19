/* pump_table.c - see pump_state.h: sources by number. */
#include "pump_state.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/epoll.h>

struct pump_source *pump_find(const struct pump *p, uint64_t number)
{
    uint32_t index = (uint32_t)number;
    if (index >= p->slot_count)
        return NULL;
    struct pump_source *s = p->slots[index].source;
    return s && s->number == number ? s : NULL;
}

int pump_add(struct pump *p, struct pump_source *s)
{
    if (p->first_free == PUMP_NO_SLOT) {
        uint32_t count = p->slot_count ? p->slot_count * 2 : 16;
        struct pump_slot *slots = realloc(p->slots, count * sizeof *slots);
        if (!slots)
            return -ENOMEM;
        p->slots = slots;
        for (uint32_t i = count; i-- > p->slot_count;) {
            slots[i] = (struct pump_slot){ .generation = 1, .next_free = p->first_free };
            p->first_free = i;
        }
        p->slot_count = count;
    }
    struct pump_slot *slot = &p->slots[p->first_free];
    s->number = (uint64_t)slot->generation << 32 | p->first_free;
    struct epoll_event event = { .events = EPOLLIN, .data.u64 = s->number };
    if (epoll_ctl(p->works.epoll_fd, EPOLL_CTL_ADD, s->fd, &event) < 0)
        return -errno;
    p->first_free = slot->next_free;
    slot->source = s;
    p->source_count++;
    return 0;
}

void pump_remove(struct pump *p, const struct pump_source *s)
{
    uint32_t index = (uint32_t)s->number;
    struct pump_slot *slot = &p->slots[index];
    slot->source = NULL;
    slot->generation = slot->generation == UINT32_MAX - 1 ? 1 : slot->generation + 1;
    slot->next_free = p->first_free;
    p->first_free = index;
    p->source_count--;
}
