#include "clean.h"

#include <string.h>

void clean(char *text)
{
        unsigned char *at = (unsigned char *)text;

        for (; *at; at++) {
                if (*at < 0x20 || *at == 0x7f) {
                        *at = ' ';
                } else if (*at == 0xc2 && at[1] >= 0x80 && at[1] < 0xa0) { /* U+0080 to U+009F */
                        memset(at, ' ', 2);
                        at++;
                }
        }
}
