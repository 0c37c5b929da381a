"""Puts the results of several runs together: a long campaign may be measured in pieces. Pure."""

MUST_AGREE = {"versions": "proxies", "settings": "settings"}
MAY_DIFFER = "seconds"  # ratios are taken within a round, however long it was


def merge(parts):
    """One result with the rounds of all; refuses parts that did not measure the same thing the same way."""
    first, *others = parts
    for key, word in MUST_AGREE.items():
        if any(without_length(other[key]) != without_length(first[key]) for other in others):
            raise ValueError(f"these results have different {word} and cannot be put together")
    merged = {**first, "modes": {}, "rounds": {}, "environment": dict(first["environment"])}
    merged["settings"] = {**first["settings"], MAY_DIFFER: min(part["settings"][MAY_DIFFER] for part in parts)}
    for part in parts:
        for name, rounds in part["rounds"].items():
            if merged["modes"].setdefault(name, part["modes"][name]) != part["modes"][name]:
                raise ValueError(f"mode {name} is not the same in all of these results")
            all_rounds = merged["rounds"].setdefault(name, {})
            for target, measurements in rounds.items():
                all_rounds[target] = all_rounds.get(target, []) + measurements
    merged["environment"]["busy_percent"] = busiest([part["environment"]["busy_percent"] for part in parts])
    return merged


def without_length(settings):
    return {key: value for key, value in settings.items() if key != MAY_DIFFER}


def busiest(all_busy):
    """Each core as busy as it was before the worst of the parts."""
    return {core: max(busy.get(core, 0) for busy in all_busy) for core in all_busy[0]}
