"""Waterkant: a region that does not exist.

It lies in the North Sea, so that no invented stop is ever shown under a real hospital's name. Names,
numbers and phone numbers are made up; everything is sent with status EXERCISE.
"""

import random
from dataclasses import dataclass, field


@dataclass
class Unit:
    id: str
    label: str
    care: str
    staffed: int
    occupied: int


@dataclass
class Location:
    id: str
    name: str
    kind: str  # Nictiz RoleCodeNL
    position: tuple
    phones: list
    units: list = field(default_factory=list)
    doors: list = field(default_factory=list)  # (care, state)
    offers: list = field(default_factory=list)  # (care, level or None)


REGION = "waterkant"

LOCATIONS = [
    Location("uz-waterkant", "Universitair Ziekenhuis Waterkant", "V5", (53.012, 3.981),
             ["SEH@ED=088 000 0101", "IC@ICU_ADULT=088 000 0102"],
             [Unit("ic", "IC volwassenen", "ICU_ADULT", 32, 27), Unit("mc", "MC", "MEDIUM_CARE", 16, 12),
              Unit("kic", "Kinder-IC", "PICU", 10, 6), Unit("seh", "SEH", "ED", 24, 15)],
             [("ED", "OPEN")], [("ED", "1"), ("ICU_ADULT", "3"), ("PICU", None)]),
    Location("vuurtoren", "Ziekenhuis De Vuurtoren", "V6", (52.951, 4.022),
             ["SEH=088 000 0201"],
             [Unit("ic", "IC", "ICU_ADULT", 12, 10), Unit("b2", "Kliniek B2", "WARD", 28, 25),
              Unit("seh", "SEH", "ED", 14, 9)],
             [("ED", "OPEN"), ("OBSTETRICS", "OPEN")], [("ED", "2"), ("ICU_ADULT", "1")]),
    Location("duinzicht", "Ziekenhuis Duinzicht", "V6", (52.874, 3.902),
             ["SEH=088 000 0301"],
             [Unit("ic", "IC", "ICU_ADULT", 8, 6), Unit("ccu", "EHH", "CCU", 10, 8),
              Unit("seh", "SEH", "ED", 12, 7)],
             [("ED", "OPEN")], [("ED", "2"), ("ICU_ADULT", "1"), ("CCU", None)]),
    Location("oosterhaven", "Streekziekenhuis Oosterhaven", "V6", (53.101, 4.207),
             ["SEH=088 000 0401"],
             [Unit("aoa", "Acute opname", "OBSERVATION", 14, 9), Unit("seh", "SEH", "ED", 9, 4)],
             [("ED", "RESTRICTED")], [("ED", "3")]),
    Location("hap-duinzicht", "Huisartsenpost Duinzicht", "N6", (52.875, 3.903),
             ["Triage=088 000 0501"], [Unit("post", "Post", "GP_POST", 6, 2)],
             [("GP_POST", "OPEN")], [("GP_POST", None)]),
    Location("hap-haven", "Huisartsenpost Haven", "N6", (53.099, 4.203),
             ["Triage=088 000 0601"], [Unit("post", "Post", "GP_POST", 4, 1)],
             [("GP_POST", "OPEN")], [("GP_POST", None)]),
    Location("zeemeeuw", "Verpleeghuis De Zeemeeuw", "R5", (52.941, 4.051),
             ["Opname=088 000 0701"],
             [Unit("elv", "ELV hoog", "SHORT_STAY", 12, 9), Unit("grz", "GRZ", "REHABILITATION", 20, 18)]),
    Location("wilgen", "Verpleeghuis De Wilgen", "R5", (53.021, 3.934),
             ["Opname=088 000 0801"], [Unit("elv", "ELV laag", "SHORT_STAY", 8, 8)]),
    Location("ggz-waterkant", "GGZ Waterkant", "G5", (52.987, 4.011),
             ["Crisisdienst=088 000 0901"],
             [Unit("hic", "HIC", "PSYCHIATRY_ADULT", 10, 9),
              Unit("crisis", "Crisisdienst", "PSYCHIATRIC_CRISIS", 3, 1)],
             [("PSYCHIATRIC_CRISIS", "OPEN")]),
    Location("rav-waterkant", "Ambulancedienst Waterkant", "AMB", (52.969, 4.001),
             ["Meldkamer=088 000 1001"], [Unit("eenheden", "Eenheden", "AMBULANCE", 14, 8)]),
    Location("branding", "Revalidatie De Branding", "R8", (52.902, 4.102),
             ["Opname=088 000 1101"], [Unit("kliniek", "Kliniek", "REHABILITATION", 24, 21)]),
    Location("schelp", "Geboortecentrum De Schelp", "GC", (52.953, 4.024),
             ["Verloskundige=088 000 1201"], [Unit("kamers", "Kamers", "OBSTETRICS", 5, 2)],
             [("OBSTETRICS", "OPEN")]),
]

MAPPING = """\
# {name}: its beds as the (simulated) bed system exports them.
[feed]
file            = {id}.csv
status          = EXERCISE
source          = AUTOMATIC
valid-for       = {valid_for}
refreshed-every = {refreshed_every}
definition      = lcps

[report beds]
kind     = counts
location = {id}
unit     = {{unit}}
label    = {{label}}
care     = {{care}}
staffed  = {{staffed}}
occupied = {{occupied}}
"""


def step(location, dice: random.Random):
    """One moment in a location's life: somebody comes, somebody goes."""
    for unit in location.units:
        unit.occupied += dice.choice((-1, 0, 0, 0, 1))
        unit.occupied = max(0, min(unit.occupied, unit.staffed + 1))  # crowding happens


def to_csv(location):
    rows = ["unit,label,care,staffed,occupied"]
    rows += [f"{u.id},{u.label},{u.care},{u.staffed},{u.occupied}" for u in location.units]
    return "\n".join(rows) + "\n"
