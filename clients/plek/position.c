#include "position.h"

#include <math.h>
#include <stdio.h>

int position_parse(int32_t *ret_latitude_e7, int32_t *ret_longitude_e7, const char *text)
{
        double latitude, longitude;
        int n = 0;

        if (sscanf(text, "%lf,%lf%n", &latitude, &longitude, &n) != 2 || text[n] ||
            !(fabs(latitude) <= 90) || !(fabs(longitude) <= 180))
                return -EINVAL;
        *ret_latitude_e7 = (int32_t)lround(latitude * 1e7);
        *ret_longitude_e7 = (int32_t)lround(longitude * 1e7);
        return 0;
}

void position_format(int32_t latitude_e7, int32_t longitude_e7, char ret_text[POSITION_TEXT_BYTES])
{
        snprintf(ret_text, POSITION_TEXT_BYTES, "%c %.4f %c %.4f", latitude_e7 < 0 ? 'S' : 'N',
                 fabs(latitude_e7 / 1e7), longitude_e7 < 0 ? 'W' : 'E', fabs(longitude_e7 / 1e7));
}
