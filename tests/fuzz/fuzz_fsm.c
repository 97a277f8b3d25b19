/* Fuzz target: the bytes choose what happens to an instance; the model says what must hold. */
#include <stdlib.h>

#include "tests/unit/fsm_model.h"

struct bytes {
    const uint8_t *data;
    size_t size;
};

static uint32_t draw(void *source)
{
    struct bytes *bytes = source;

    if (bytes->size == 0)
        return 0;
    bytes->size--;
    /* Two digits for what is drawn modulo more than 256 or so. */
    return (uint32_t)*bytes->data++ * 257u;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct bytes bytes = { data, size };
    struct model m = model_new(draw, &bytes);

    while (bytes.size > 0 && !m.gone && !m.broken)
        model_step(&m);
    if (!m.gone && !m.broken)
        model_finish(&m);
    if (m.broken) {
        model_print(&m, stderr);
        abort();
    }
    return 0;
}
