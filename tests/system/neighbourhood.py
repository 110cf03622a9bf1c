"""Hospitals in a row whose doors are said by hand"""

from tools import Tools

ED = ("--care", "ED")
PLACES = {  # on one meridian: 11.1 km a tenth of a degree
    "duin": ("Ziekenhuis Duinzicht", "52.0"), "vliet": ("Ziekenhuis De Vliet", "52.1"),
    "haven": ("Ziekenhuis Haven", "52.3"), "bos": ("Ziekenhuis Bos", "52.6"),
    "verweg": ("Ziekenhuis Verweg", "53.0"),
}


def hospital(region):
    region.enrol_agent("duin", {"duin": "oost"}, name="Duinzicht")
    region.enrol_reader("meldkamer")
    return Tools(region)


def neighbourhood(region):
    """Five hospitals with an ED, each its own party."""
    region.enrol_reader("meldkamer")
    tools = Tools(region)
    for place, (name, latitude) in PLACES.items():
        region.enrol_agent(place, {place: "oost"}, name=name)
        tools.put(place, "card", "--location", place, "--name", name, "--kind", "V6", "--position",
                  f"{latitude},5.0", "--phone", "Portier=088 000 0111",
                  "--phone", "SEH@ED=088 000 0" + latitude.replace(".", ""))
        tools.plek("open", place, *ED, party=place)
    return tools


def door(tools, *arguments):
    return tools.plek("door", "duin", "--json", *arguments, party="meldkamer").one()
