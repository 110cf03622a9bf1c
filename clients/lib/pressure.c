#include "plek/pressure.h"

#include <math.h>
#include <string.h>

#include "derived/pressure.h"

/* Scores are whole numbers to people; a rounded one still agrees with its inputs. */
#define AGREES_WITHIN 1.0

static const PlekPressureBand default_bands[] = {
        { PLEK_METHOD_NEDOCS, -INFINITY, "not busy" },
        { PLEK_METHOD_NEDOCS, 20, "busy" },
        { PLEK_METHOD_NEDOCS, 60, "extremely busy" },
        { PLEK_METHOD_NEDOCS, 100, "overcrowded" },
        { PLEK_METHOD_NEDOCS, 140, "severely overcrowded" },
        { PLEK_METHOD_NEDOCS, 180, "dangerously overcrowded" },
};

const PlekPressureBand *plek_pressure_default_bands(size_t *ret_n_bands)
{
        *ret_n_bands = N_ELEMENTS(default_bands);
        return default_bands;
}

static Pressure wire_pressure(const PlekPressure *from)
{
        Pressure pressure = { .method = from->method ? from->method : "" };

        for (size_t i = 0; i < MIN(from->n_inputs, (size_t)PRESSURE_INPUTS_MAX); i++) {
                if (!from->inputs[i].name)
                        continue;
                pressure.inputs[pressure.n_inputs].name = from->inputs[i].name;
                pressure.inputs[pressure.n_inputs++].value = from->inputs[i].value;
        }
        return pressure;
}

void plek_pressure_read(const PlekPressure *pressure, PlekPressureReading *ret_reading)
{
        Pressure wire = wire_pressure(pressure);
        PlekPressureReading reading = { 0 };

        reading.has_computed = pressure_compute(&wire, &reading.computed);
        reading.is_known = pressure->has_score || reading.has_computed;
        reading.is_computed = !pressure->has_score && reading.has_computed;
        if (pressure->has_score)
                reading.score = pressure_shown(wire.method, pressure->score);
        else
                reading.score = reading.computed;
        reading.differs =
                reading.has_computed && fabs(reading.score - reading.computed) > AGREES_WITHIN;
        *ret_reading = reading;
}

const PlekPressureBand *plek_pressure_band(const PlekPressureBand *bands, size_t n_bands,
                                           const char *method, double score)
{
        const PlekPressureBand *best = NULL;

        if (!bands)
                bands = plek_pressure_default_bands(&n_bands);
        for (size_t i = 0; i < n_bands; i++)
                if (!strcmp(bands[i].method, method) && score > bands[i].above &&
                    (!best || bands[i].above > best->above))
                        best = &bands[i];
        return best;
}
