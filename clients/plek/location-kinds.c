#include <string.h>

#include "location-kinds.h"

static const LocationKind kinds[] = {
        { "V4", { "hospital", "ziekenhuis" } },
        { "V5", { "university hospital", "universitair medisch centrum" } },
        { "V6", { "general hospital", "algemeen ziekenhuis" } },
        { "Z4", { "independent clinic", "zelfstandig behandelcentrum" } },
        { "BRA", { "burn centre", "brandwondencentrum" } },
        { "N6", { "GP post", "huisartsenpost" } },
        { "Z3", { "GP practice", "huisartspraktijk" } },
        { "R5", { "nursing home", "verpleeghuis" } },
        { "M1", { "care home", "verzorgingshuis" } },
        { "X3", { "care institution", "zorginstelling" } },
        { "T2", { "home care", "thuiszorg" } },
        { "H2", { "hospice", "hospice" } },
        { "R8", { "rehabilitation centre", "revalidatiecentrum" } },
        { "G5", { "mental health", "geestelijke gezondheidszorg" } },
        { "V7",
          { "psychiatric ward in a hospital", "psychiatrische afdeling van een ziekenhuis" } },
        { "G1", { "addiction care", "verslavingszorg" } },
        { "G3", { "midwifery practice", "verloskundigenpraktijk" } },
        { "GC", { "birth centre", "geboortecentrum" } },
        { "K4", { "maternity care", "kraamzorg" } },
        { "G9", { "public health service", "GGD" } },
        { "AMB", { "regional ambulance service", "regionale ambulancevoorziening" } },
};

const LocationKind *location_kind_nth(size_t n)
{
        return n < N_ELEMENTS(kinds) ? &kinds[n] : NULL;
}

const LocationKind *location_kind_find(const char *code)
{
        for (size_t i = 0; i < N_ELEMENTS(kinds); i++)
                if (!strcmp(kinds[i].code, code))
                        return &kinds[i];
        return NULL;
}
