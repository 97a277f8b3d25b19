/* readline_library.c - see readline_library.h. */
#include "readline_library.h"

#include <dlfcn.h>
#include <stddef.h>
#include <string.h>

#define TEXT_OF(x) #x
#define TEXT(x) TEXT_OF(x)
/* Debian names it after the major version, which stands for what programs may rely on. */
#define FILE_NAME "libreadline.so." TEXT(RL_VERSION_MAJOR)

#define SYMBOL(name) { #name, offsetof(struct readline_library, name) },

static const struct {
    const char *name;
    size_t at;
} symbols[] = { READLINE_SYMBOLS(SYMBOL) };

const char *readline_library_load(struct readline_library *library)
{
    void *file = dlopen(FILE_NAME, RTLD_NOW | RTLD_LOCAL);
    if (!file)
        return dlerror();
    for (size_t i = 0; i < sizeof symbols / sizeof *symbols; i++) {
        void *address = dlsym(file, symbols[i].name);
        if (!address)
            return dlerror();
        memcpy((char *)library + symbols[i].at, &address, sizeof address);
    }
    return NULL;
}
