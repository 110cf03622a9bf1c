#pragma once

#include "plek/plek.h"

#include "words.h"

typedef struct ImpactView {
        Language language;
        PlekStatus status; /* 0: ACTUAL */
        double beyond;     /* as it was asked; 0: not */
        bool all;          /* every area */
} ImpactView;

/* What follows if it closes: the whole, and where others close or open meanwhile each part. */
void impact_say(const PlekImpact *impact, const ImpactView *view, uint32_t care);
